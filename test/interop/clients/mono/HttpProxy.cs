// The HttpGet and the HttpPost proxy as the workflow's service: every argument is text there.
using System;
using System.IO;
using System.Net;
using System.Web.Services.Protocols;
using System.Xml;

class Proxy : IService
{
    readonly Stubs.srv stub;

    public static IService At(string url)
    {
        return new Proxy(url);
    }

    Proxy(string url)
    {
        stub = new Stubs.srv { Url = url };
    }

    public int LargestChunk { get { return Stubs.srv.LargestChunkOfBinding; } }

    public XmlNode AuthenticateUser(string user, string password) { return stub.AuthenticateUser(user, password); }
    public XmlNode CreateFolder(string ticket, string path) { return stub.CreateFolder(ticket, path); }
    public XmlNode CreateUploadHandler(string ticket, int chunkSize) { return stub.CreateUploadHandler(ticket, chunkSize.ToString()); }
    public XmlNode UploadFileChunk(string ticket, string handler, byte[] chunk, string crc, bool last)
    {
        return stub.UploadFileChunk(ticket, handler, Convert.ToBase64String(chunk), crc, last.ToString());
    }
    public XmlNode UploadDocumentWithHandler(string ticket, string path, string handler) { return stub.UploadDocumentWithHandler(ticket, path, handler); }
    public XmlNode UploadDocument(string ticket, string path, byte[] content)
    {
        return stub.UploadDocument(ticket, path, Convert.ToBase64String(content));
    }
    public XmlNode GetDownloadHandler(string ticket, string path, int chunkSize) { return stub.GetDownloadHandler(ticket, path, chunkSize.ToString()); }
    public XmlNode DownloadFileChunk(string ticket, string handler, long offset, int chunkSize)
    {
        return stub.DownloadFileChunk(ticket, handler, offset.ToString(), chunkSize.ToString());
    }
    public XmlNode DeleteDownloadHandler(string ticket, string handler) { return stub.DeleteDownloadHandler(ticket, handler); }
    public byte[] DownloadDocument(string ticket, string path) { return Bytes(stub.RawDocument(ticket, path)); }
    public byte[] DownloadDocumentVersion(string ticket, string path, int version)
    {
        return Bytes(stub.RawDocumentVersion(ticket, path, version.ToString()));
    }
    public XmlNode GetDocumentVersions(string ticket, string path) { return stub.GetDocumentVersions(ticket, path); }
    public XmlNode LogOut(string ticket) { return stub.LogOut(ticket); }

    public void ProvokeFault(string ticket)
    {
        try
        {
            stub.CreateUploadHandler(ticket, "many");
        }
        catch (WebException error)
        {
            var response = (HttpWebResponse)error.Response;
            Workflow.Equal(HttpStatusCode.InternalServerError, response.StatusCode, "the status");
            Workflow.Equal("text/plain; charset=utf-8", response.ContentType, "the type");
            Workflow.Equal(true, error.Message.Contains("Cannot convert many to System.Int32."), "the text is in '" + error.Message + "'");
            return;
        }
        throw new Exception("a number that is none was taken");
    }

    static byte[] Bytes(Stream stream)
    {
        var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}

namespace Stubs
{
#if GET
    using ParameterWriter = UrlParameterWriter;
#else
    using ParameterWriter = HtmlFormParameterWriter;
#endif

    public partial class srv
    {
#if GET
        /// System.Uri holds 65,519 characters at most, and base64 grows once more when it is escaped.
        public const int LargestChunkOfBinding = 40000;
#else
        public const int LargestChunkOfBinding = int.MaxValue;
#endif

        /// Content comes as its bytes, which the generated method does not expect (ASMX writes base64 into an element).
        [HttpMethod(typeof(AnyReturnReader), typeof(ParameterWriter))]
        public Stream RawDocument(string authenticationTicket, string Path)
        {
            return (Stream)Invoke("RawDocument", Url + "/DownloadDocument", new object[] { authenticationTicket, Path });
        }

        [HttpMethod(typeof(AnyReturnReader), typeof(ParameterWriter))]
        public Stream RawDocumentVersion(string authenticationTicket, string Path, string VersionNumber)
        {
            return (Stream)Invoke("RawDocumentVersion", Url + "/DownloadDocumentVersion", new object[] { authenticationTicket, Path, VersionNumber });
        }
    }
}
