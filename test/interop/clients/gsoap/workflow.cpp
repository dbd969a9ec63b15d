// The short workflow on gSOAP's proxy; SOAP 1.1 or 1.2 as soapcpp2 was told.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include "soapsrvSoapProxy.h"
#include "srvSoap.nsmap"

using std::string;

static string setting(const char *name) { return getenv((string("INTEROP_") + name).c_str()); }

static const size_t chunk_size = 262144;
static const string url = setting("URL"), folder = setting("FOLDER"), document = folder + "/cargo.bin";
static struct soap *context = soap_new1(SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING);
static srvSoapProxy service(context, url.c_str());

static void equal(const string &expected, const string &actual, const string &what)
{
    if (expected != actual) throw std::runtime_error(what + " should be '" + expected + "' and is '" + actual.substr(0, 300) + "'");
}

static void step(const char *name, const std::function<void()> &act)
{
    try
    {
        act();
        std::cout << "ok: " << name << std::endl;
    }
    catch (const std::exception &error)
    {
        std::cout << "not ok: " << name << ": " << error.what() << std::endl;
    }
}

/// An answer: the one element in a result, which gSOAP hands over as XML.
struct Answer
{
    string xml;

    string attribute(const string &name) const
    {
        size_t begin = xml.find(' ' + name + "=\"");
        if (begin == string::npos) return "(none)";
        begin += name.size() + 3;
        return xml.substr(begin, xml.find('"', begin) - begin);
    }

    string text() const
    {
        size_t begin = xml.find('>') + 1;
        return xml.substr(begin, xml.find('<', begin) - begin);
    }

    void expect(const string &name, const string &value) const { equal(value, attribute(name), name + " of " + xml.substr(0, 200)); }
};

/// The last fault or error of the connection, as an exception; nothing when there was none.
static void succeed(int status)
{
    if (status == SOAP_OK) return;
    const char *text = soap_fault_string(context);
    throw std::runtime_error(text ? text : "gSOAP error " + std::to_string(status));
}

/// Calls an operation whose fields are set by a function, and gives its answer.
#define CALL(OPERATION, ...) [&] { \
    _tempuri__##OPERATION request; \
    _tempuri__##OPERATION##Response response; \
    __VA_ARGS__; \
    succeed(service.OPERATION(&request, response)); \
    return Answer{response.OPERATION##Result->__any}; \
}()

static uint32_t crc32(const string &bytes)
{
    uint32_t crc = ~0u;
    for (unsigned char byte : bytes)
    {
        crc ^= byte;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

static string hex(const char *format, uint32_t number)
{
    char text[9];
    snprintf(text, sizeof text, format, number);
    return text;
}

static xsd__base64Binary binary(string &bytes)
{
    xsd__base64Binary content;
    content.__ptr = reinterpret_cast<unsigned char *>(&bytes[0]);
    content.__size = bytes.size();
    return content;
}

static string bytes_of_base64(const string &text)
{
    int size = 0;
    const char *bytes = soap_base642s(context, text.c_str(), NULL, 0, &size);
    return bytes ? string(bytes, size) : "(not base64)";
}

int main()
{
    std::ifstream file(setting("FILE"), std::ios::binary);
    const string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    string user = setting("USER"), password = setting("PASSWORD"), ticket, upload, received;
    string target = folder, path = document, missing = folder + "/nothing.bin";

    auto open_upload = [&] {
        return CALL(CreateUploadHandler, request.authenticationTicket = &ticket; request.PreferedChunkSize = 1);
    };
    auto send = [&](string chunk, string crc, bool last) {
        xsd__base64Binary carried = binary(chunk);
        return CALL(UploadFileChunk, request.authenticationTicket = &ticket; request.uploadHandler = &upload;
                    request.fileChunk = &carried; request.chunkHEXCRC = &crc; request.lastChunk = last);
    };
    auto open_download = [&](string &of) {
        return CALL(GetDownloadHandler, request.AuthenticationTicket = &ticket; request.Path = &of; request.PreferedChunkSize = 1);
    };

    step("logs in", [&] {
        Answer answer = CALL(AuthenticateUser, request.UID = &user; request.PWD = &password);
        answer.expect("success", "true");
        answer.expect("username", user);
        ticket = answer.attribute("ticket");
    });
    step("makes a folder", [&] {
        Answer answer = CALL(CreateFolder, request.authenticationTicket = &ticket; request.Path = &target);
        answer.expect("success", "true");
        answer.expect("FolderName", folder.substr(strlen("/Public/")));
    });
    step("is told to try a chunk with a wrong CRC again", [&] {
        Answer opened = open_upload();
        opened.expect("ChunkSize", "262144");
        upload = opened.attribute("UploadHandler");
        Answer answer = send(content.substr(0, chunk_size), "0BADC0DE", false);
        answer.expect("success", "false");
        answer.expect("tryagain", "true");
    });
    step("sends a file in chunks", [&] {
        Answer answer;
        for (size_t offset = 0; offset < content.size(); offset += chunk_size)
        {
            string chunk = content.substr(offset, chunk_size);
            answer = send(chunk, hex("%x", crc32(chunk)), offset + chunk.size() == content.size());
            answer.expect("success", "true");
            answer.expect("tryagain", "false");
        }
        answer.expect("filehexcrc", hex("%X", crc32(content)));
    });
    step("commits it", [&] {
        Answer answer = CALL(UploadDocumentWithHandler, request.authenticationTicket = &ticket; request.path = &path;
                             request.uploadHandler = &upload);
        answer.expect("success", "true");
        answer.expect("VersionId", "1000000");
    });
    step("reads it in chunks with the right CRCs", [&] {
        Answer opened = open_download(path);
        opened.expect("Size", std::to_string(content.size()));
        opened.expect("CRC32", hex("%08x", crc32(content)));
        string download = opened.attribute("downloadhandler"), last = "false";
        while (last == "false")
        {
            Answer answer = CALL(DownloadFileChunk, request.authenticationTicket = &ticket; request.DownloadHandler = &download;
                                 request.StartOffset = received.size(); request.ChunkSize = chunk_size);
            answer.expect("success", "true");
            string chunk = bytes_of_base64(answer.text());
            answer.expect("chunklength", std::to_string(chunk.size()));
            answer.expect("chunkCRC32", hex("%08x", crc32(chunk)));
            received += chunk;
            last = answer.attribute("lastchunk");
        }
    });
    step("has the bytes it sent", [&] {
        if (content != received) throw std::runtime_error("the bytes differ");
    });
    step("reads it in one call", [&] {
        _tempuri__DownloadDocument request;
        _tempuri__DownloadDocumentResponse response;
        request.authenticationTicket = &ticket;
        request.Path = &path;
        succeed(service.DownloadDocument(&request, response));
        const xsd__base64Binary &result = *response.DownloadDocumentResult;
        if (content != string(reinterpret_cast<char *>(result.__ptr), result.__size)) throw std::runtime_error("the bytes differ");
    });
    step("is told that a document is missing", [&] {
        Answer answer = open_download(missing);
        answer.expect("success", "false");
        answer.expect("error", "Document not found.");
    });
    step("reads a fault", [&] {
        string all = "all";
        SOAP_ENV__Header header;
        header.interop__Insurance = &all;
        context->header = &header;
        try
        {
            open_upload();
        }
        catch (const std::exception &fault)
        {
            context->header = NULL;
            equal("SOAP header Insurance was not understood.", fault.what(), "the fault's text");
            const char *code = soap_fault_subcode(context) ? soap_fault_subcode(context) : *soap_faultcode(context);
            equal("SOAP-ENV:MustUnderstand", code ? code : "", "the fault's code");
            return;
        }
        throw std::runtime_error("a header that must be understood was passed over");
    });
    step("logs out, and the ticket is dead", [&] {
        CALL(LogOut, request.AuthenticationTicket = &ticket).expect("success", "true");
        open_upload().expect("error", "[901] Session expired or Invalid ticket");
    });
}
