"""The short workflow, on any toolkit that can make a call.

call(operation, arguments) gives the attributes and the text of the answer's element; download(arguments) the bytes that
DownloadDocument answered; provoke_fault(ticket) the fault's text, after asking for a header that must be understood.
"""

import base64
import os
import zlib


def setting(name):
    return os.environ["INTEROP_" + name]


def step(name, act):
    try:
        act()
        print("ok: " + name)
    except Exception as error:
        print("not ok: %s: %s %s" % (name, type(error).__name__, str(error).replace("\n", " ")))


def equal(expected, actual, what):
    if expected != actual:
        raise AssertionError("%s should be %r and is %r" % (what, expected, actual))


def run(call, download, provoke_fault):
    with open(setting("FILE"), "rb") as file:
        content = file.read()
    folder = setting("FOLDER")
    document = folder + "/cargo.bin"
    state = {}

    def ticket():
        return state["ticket"]

    def answered(operation, arguments, **expected):
        attributes, text = call(operation, arguments)
        for name, value in expected.items():
            equal(value, attributes.get(name), name)
        return attributes, text

    def send(chunk, crc, last, **expected):
        return answered("UploadFileChunk", {
            "authenticationTicket": ticket(), "uploadHandler": state["upload"], "fileChunk": chunk,
            "chunkHEXCRC": crc, "lastChunk": last}, **expected)[0]

    def log_in():
        arguments = {"UID": setting("USER"), "PWD": setting("PASSWORD")}
        state["ticket"] = answered("AuthenticateUser", arguments, success="true", username=setting("USER"))[0]["ticket"]

    def make_folder():
        answered("CreateFolder", {"authenticationTicket": ticket(), "Path": folder},
                 success="true", FolderName=folder[len("/Public/"):])

    def send_wrong_chunk():
        arguments = {"authenticationTicket": ticket(), "PreferedChunkSize": 1}
        state["upload"] = answered("CreateUploadHandler", arguments, success="true", ChunkSize="262144")[0]["UploadHandler"]
        send(content[:262144], "0BADC0DE", False, success="false", tryagain="true")

    def send_chunks():
        for offset in range(0, len(content), 262144):
            chunk = content[offset:offset + 262144]
            answer = send(chunk, "%x" % zlib.crc32(chunk), offset + len(chunk) == len(content), success="true", tryagain="false")
        equal("%X" % zlib.crc32(content), answer["filehexcrc"], "filehexcrc")

    def commit():
        arguments = {"authenticationTicket": ticket(), "path": document, "uploadHandler": state["upload"]}
        answered("UploadDocumentWithHandler", arguments, success="true", VersionId="1000000")

    def read_chunks():
        arguments = {"AuthenticationTicket": ticket(), "Path": document, "PreferedChunkSize": 1}
        opened, _ = answered("GetDownloadHandler", arguments,
                             success="true", Size=str(len(content)), CRC32="%08x" % zlib.crc32(content))
        state["received"] = b""
        last = "false"
        while last == "false":
            attributes, text = answered("DownloadFileChunk", {
                "authenticationTicket": ticket(), "DownloadHandler": opened["downloadhandler"],
                "StartOffset": len(state["received"]), "ChunkSize": 262144}, success="true")
            chunk = base64.b64decode(text, validate=True)
            equal("%08x" % zlib.crc32(chunk), attributes["chunkCRC32"], "chunkCRC32")
            state["received"] += chunk
            last = attributes["lastchunk"]

    def compare():
        equal(True, content == state["received"], "that the bytes are the same")

    def read_at_once():
        received = download({"authenticationTicket": ticket(), "Path": document})
        equal(True, content == received, "that the bytes are the same")

    def ask_for_nothing():
        arguments = {"AuthenticationTicket": ticket(), "Path": folder + "/nothing.bin", "PreferedChunkSize": 0}
        answered("GetDownloadHandler", arguments, success="false", error="Document not found.")

    def read_fault():
        equal("SOAP header Insurance was not understood.", provoke_fault(ticket()), "the fault")

    def log_out():
        answered("LogOut", {"AuthenticationTicket": ticket()}, success="true")
        answered("CreateUploadHandler", {"authenticationTicket": ticket(), "PreferedChunkSize": 0},
                 success="false", error="[901] Session expired or Invalid ticket")

    step("logs in", log_in)
    step("makes a folder", make_folder)
    step("is told to try a chunk with a wrong CRC again", send_wrong_chunk)
    step("sends a file in chunks", send_chunks)
    step("commits it", commit)
    step("reads it in chunks with the right CRCs", read_chunks)
    step("has the bytes it sent", compare)
    step("reads it in one call", read_at_once)
    step("is told that a document is missing", ask_for_nothing)
    step("reads a fault", read_fault)
    step("logs out, and the ticket is dead", log_out)
