// The whole workflow, as a program on a proxy that wsdl.exe generated: the same for the four protocols.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml;

static class Workflow
{
    static readonly string User = Setting("USER");
    static readonly string Password = Setting("PASSWORD");
    static readonly string Folder = Setting("FOLDER");
    static readonly string Document = Folder + "/cargo.bin";
    static readonly byte[] Content = File.ReadAllBytes(Setting("FILE"));
    static readonly byte[] Replacement = Content.Skip(1000).Take(2000).ToArray();

    static void Main()
    {
        IService service = Proxy.At(Setting("URL"));
        string ticket = "", upload = "", download = "";
        int chunkSize = 0;
        byte[] received = new byte[0];

        Step("logs in", () =>
        {
            XmlNode answer = service.AuthenticateUser(User, Password);
            Equal("true", answer, "success");
            Equal(User, answer, "username");
            ticket = new Guid(answer.Attributes["ticket"].Value).ToString();
        });
        Step("is refused with a wrong password", () =>
            Refused("[900] Authentication failed", service.AuthenticateUser(User, Password + "x")));
        Step("makes a folder", () =>
        {
            XmlNode answer = service.CreateFolder(ticket, Folder);
            Equal("true", answer, "success");
            Equal(Folder.Substring("/Public/".Length), answer, "FolderName");
        });
        Step("is told the size of its chunks", () =>
        {
            XmlNode answer = service.CreateUploadHandler(ticket, 1);
            Equal("262144", answer, "ChunkSize");
            upload = answer.Attributes["UploadHandler"].Value;
            chunkSize = Math.Min(int.Parse(answer.Attributes["ChunkSize"].Value), service.LargestChunk);
        });
        Step("is told to try a chunk with a wrong CRC again", () =>
        {
            XmlNode answer = service.UploadFileChunk(ticket, upload, Chunk(0, chunkSize), "0BADC0DE", false);
            Equal("false", answer, "success");
            Equal("true", answer, "tryagain");
        });
        Step("sends a file in chunks", () =>
        {
            XmlNode answer = null;
            for (int offset = 0; offset < Content.Length; offset += chunkSize)
            {
                byte[] chunk = Chunk(offset, chunkSize);
                bool last = offset + chunk.Length == Content.Length;
                answer = service.UploadFileChunk(ticket, upload, chunk, Crc32(chunk).ToString("X"), last);
                Equal("true", answer, "success");
                Equal("false", answer, "tryagain");
            }
            Equal(Crc32(Content).ToString("X"), answer, "filehexcrc");
        });
        Step("commits it", () =>
        {
            XmlNode answer = service.UploadDocumentWithHandler(ticket, Document, upload);
            Equal("true", answer, "success");
            Equal("1000000", answer, "VersionId");
        });
        Step("opens it for download", () =>
        {
            XmlNode answer = service.GetDownloadHandler(ticket, Document, 1);
            Equal("true", answer, "success");
            Equal(Content.Length.ToString(), answer, "Size");
            Equal(Crc32(Content).ToString("x8"), answer, "CRC32");
            Equal("262144", answer, "ChunkSize");
            download = answer.Attributes["downloadhandler"].Value;
        });
        Step("reads it in chunks with the right CRCs", () =>
        {
            var file = new MemoryStream();
            for (bool last = false; !last;)
            {
                XmlNode answer = service.DownloadFileChunk(ticket, download, file.Length, 262144);
                Equal("true", answer, "success");
                byte[] chunk = Convert.FromBase64String(answer.InnerText);
                Equal(chunk.Length.ToString(), answer, "chunklength");
                Equal(Crc32(chunk).ToString("x8"), answer, "chunkCRC32");
                file.Write(chunk, 0, chunk.Length);
                last = answer.Attributes["lastchunk"].Value == "true";
            }
            received = file.ToArray();
            Equal("true", service.DeleteDownloadHandler(ticket, download), "success");
        });
        Step("has the bytes it sent", () => Same(Content, received));
        Step("reads it in one call", () => Same(Content, service.DownloadDocument(ticket, Document)));
        Step("replaces it in one call", () =>
        {
            Equal("1000001", service.UploadDocument(ticket, Document, Replacement), "VersionId");
            Same(Replacement, service.DownloadDocument(ticket, Document));
        });
        Step("still reads the first version", () =>
            Same(Content, service.DownloadDocumentVersion(ticket, Document, 1000000)));
        Step("sees both versions", () =>
        {
            XmlNode answer = service.GetDocumentVersions(ticket, Document);
            Equal("true", answer, "success");
            Dictionary<string, string> sizes = answer.SelectNodes("Versions/Version").Cast<XmlNode>()
                .ToDictionary(version => version.Attributes["Number"].Value, version => version["VersionSize"].InnerText);
            Equal(2, sizes.Count, "the number of versions");
            Equal(Content.Length.ToString(), sizes["1000000"], "the size of the first");
            Equal(Replacement.Length.ToString(), sizes["1000001"], "the size of the second");
        });
        Step("is told that a ticket is not known", () =>
            Refused("[901] Session expired or Invalid ticket", service.CreateUploadHandler(Guid.NewGuid().ToString(), 0)));
        Step("is told that a document is missing", () =>
            Refused("Document not found.", service.GetDownloadHandler(ticket, Folder + "/nothing.bin", 0)));
        Step("reads a fault", () => service.ProvokeFault(ticket));
        Step("logs out, and the ticket is dead", () =>
        {
            Equal("true", service.LogOut(ticket), "success");
            Refused("[901] Session expired or Invalid ticket", service.CreateUploadHandler(ticket, 0));
        });
    }

    static string Setting(string name)
    {
        return Environment.GetEnvironmentVariable("INTEROP_" + name);
    }

    static void Step(string name, Action act)
    {
        try
        {
            act();
            Console.WriteLine("ok: " + name);
        }
        catch (Exception error)
        {
            Console.WriteLine("not ok: " + name + ": " + error.GetType().Name + " " + error.Message.Replace('\n', ' '));
        }
    }

    static byte[] Chunk(int offset, int size)
    {
        return Content.Skip(offset).Take(size).ToArray();
    }

    static void Refused(string error, XmlNode answer)
    {
        Equal("false", answer, "success");
        Equal(error, answer, "error");
    }

    static void Equal(string expected, XmlNode answer, string attribute)
    {
        XmlAttribute found = answer.Attributes[attribute];
        Equal(expected, found == null ? null : found.Value, attribute + " of " + answer.OuterXml);
    }

    static void Same(byte[] expected, byte[] actual)
    {
        Equal(expected.Length, actual.Length, "the number of bytes");
        Equal(true, expected.SequenceEqual(actual), "the bytes are the same");
    }

    public static void Equal(object expected, object actual, string what)
    {
        if (!Equals(expected, actual)) throw new Exception(what + " should be '" + expected + "' and is '" + actual + "'");
    }

    /// CRC-32 as in zip and zlib; .NET Framework has none of its own.
    static uint Crc32(byte[] bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte one in bytes)
        {
            crc ^= one;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) == 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}

/// What the workflow calls. The SOAP proxies have these methods as they are; the HTTP proxies take every argument as text.
interface IService
{
    /// Bytes: what a chunk may have at most on this protocol.
    int LargestChunk { get; }
    XmlNode AuthenticateUser(string user, string password);
    XmlNode CreateFolder(string ticket, string path);
    XmlNode CreateUploadHandler(string ticket, int chunkSize);
    XmlNode UploadFileChunk(string ticket, string handler, byte[] chunk, string crc, bool last);
    XmlNode UploadDocumentWithHandler(string ticket, string path, string handler);
    XmlNode UploadDocument(string ticket, string path, byte[] content);
    XmlNode GetDownloadHandler(string ticket, string path, int chunkSize);
    XmlNode DownloadFileChunk(string ticket, string handler, long offset, int chunkSize);
    XmlNode DeleteDownloadHandler(string ticket, string handler);
    byte[] DownloadDocument(string ticket, string path);
    byte[] DownloadDocumentVersion(string ticket, string path, int version);
    XmlNode GetDocumentVersions(string ticket, string path);
    XmlNode LogOut(string ticket);
    /// Does what the protocol answers with an error of its own, and throws unless that error arrives as it should.
    void ProvokeFault(string ticket);
}
