import java.io.ByteArrayOutputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Objects;
import java.util.zip.CRC32;
import javax.xml.namespace.QName;
import org.apache.axis.AxisFault;
import org.apache.axis.client.Stub;
import org.apache.axis.encoding.AnyContentType;
import org.apache.axis.message.MessageElement;
import org.apache.axis.message.SOAPHeaderElement;
import org.tempuri.SrvLocator;
import org.tempuri.SrvSoap;

/** The short workflow on stubs that Axis 1.4 generated; it sends SOAP 1.1 over HTTP/1.0. */
public class Workflow {
  static final String FOLDER = setting("FOLDER");
  static final String DOCUMENT = FOLDER + "/cargo.bin";
  static final int CHUNK_SIZE = 262144;

  interface Act {
    void run() throws Exception;
  }

  static SrvSoap service;
  static String ticket;
  static String upload;
  static byte[] received;

  public static void main(String[] arguments) throws Exception {
    byte[] content = Files.readAllBytes(Path.of(setting("FILE")));
    service = new SrvLocator().getsrvSoap(new URL(setting("URL")));
    ((Stub) service).setTimeout(60_000);

    step("logs in", () -> {
      MessageElement answer = element(service.authenticateUser(setting("USER"), setting("PASSWORD")));
      equal("true", answer, "success");
      equal(setting("USER"), answer, "username");
      ticket = answer.getAttribute("ticket");
    });
    step("makes a folder", () -> {
      MessageElement answer = element(service.createFolder(ticket, FOLDER));
      equal("true", answer, "success");
      equal(FOLDER.substring("/Public/".length()), answer, "FolderName");
    });
    step("is told to try a chunk with a wrong CRC again", () -> {
      MessageElement answer = element(service.createUploadHandler(ticket, 1));
      equal("262144", answer, "ChunkSize");
      upload = answer.getAttribute("UploadHandler");
      answer = element(service.uploadFileChunk(ticket, upload, Arrays.copyOf(content, CHUNK_SIZE), "0BADC0DE", false));
      equal("false", answer, "success");
      equal("true", answer, "tryagain");
    });
    step("sends a file in chunks", () -> {
      MessageElement answer = null;
      for (int offset = 0; offset < content.length; offset += CHUNK_SIZE) {
        byte[] chunk = Arrays.copyOfRange(content, offset, Math.min(offset + CHUNK_SIZE, content.length));
        boolean last = offset + chunk.length == content.length;
        answer = element(service.uploadFileChunk(ticket, upload, chunk, hexCrc32("%x", chunk), last));
        equal("true", answer, "success");
        equal("false", answer, "tryagain");
      }
      equal(hexCrc32("%X", content), answer, "filehexcrc");
    });
    step("commits it", () -> {
      MessageElement answer = element(service.uploadDocumentWithHandler(ticket, DOCUMENT, upload));
      equal("true", answer, "success");
      equal("1000000", answer, "VersionId");
    });
    step("reads it in chunks with the right CRCs", () -> {
      MessageElement opened = element(service.getDownloadHandler(ticket, DOCUMENT, 1));
      equal(Integer.toString(content.length), opened, "Size");
      equal(hexCrc32("%08x", content), opened, "CRC32");
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      boolean last = false;
      while (!last) {
        MessageElement answer =
            element(service.downloadFileChunk(ticket, opened.getAttribute("downloadhandler"), file.size(), CHUNK_SIZE));
        equal("true", answer, "success");
        byte[] chunk = Base64.getDecoder().decode(answer.getValue());
        equal(hexCrc32("%08x", chunk), answer, "chunkCRC32");
        file.write(chunk);
        last = answer.getAttribute("lastchunk").equals("true");
      }
      received = file.toByteArray();
    });
    step("has the bytes it sent", () -> equal(true, Arrays.equals(content, received), "the bytes are the same"));
    step("reads it in one call", () ->
        equal(true, Arrays.equals(content, service.downloadDocument(ticket, DOCUMENT)), "the bytes are the same"));
    step("is told that a document is missing", () -> {
      MessageElement answer = element(service.getDownloadHandler(ticket, FOLDER + "/nothing.bin", 0));
      equal("false", answer, "success");
      equal("Document not found.", answer, "error");
    });
    step("reads a fault", Workflow::demandAHeaderNobodyKnows);
    step("logs out, and the ticket is dead", () -> {
      equal("true", element(service.logOut(ticket)), "success");
      equal("[901] Session expired or Invalid ticket", element(service.createUploadHandler(ticket, 0)), "error");
    });
  }

  static void demandAHeaderNobodyKnows() throws Exception {
    SOAPHeaderElement header = new SOAPHeaderElement("urn:lighterage:interop", "Insurance", "all");
    header.setMustUnderstand(true);
    header.setActor(null);
    ((Stub) service).setHeader(header);
    try {
      service.createUploadHandler(ticket, 0);
      throw new AssertionError("a header that must be understood was passed over");
    } catch (AxisFault fault) {
      equal(new QName("http://schemas.xmlsoap.org/soap/envelope/", "MustUnderstand"), fault.getFaultCode(), "the fault's code");
      equal("SOAP header Insurance was not understood.", fault.getFaultString(), "the fault's text");
    } finally {
      ((Stub) service).clearHeaders();
    }
  }

  static String setting(String name) {
    return System.getenv("INTEROP_" + name);
  }

  static void step(String name, Act act) {
    try {
      act.run();
      System.out.println("ok: " + name);
    } catch (Exception | AssertionError error) {
      System.out.println("not ok: " + name + ": " + error.toString().replace('\n', ' '));
    }
  }

  /** The one element of an answer. */
  static MessageElement element(AnyContentType result) {
    return result.get_any()[0];
  }

  static String hexCrc32(String format, byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return String.format(format, crc.getValue());
  }

  static void equal(String expected, MessageElement answer, String attribute) {
    equal(expected, answer.getAttribute(attribute), attribute);
  }

  static void equal(Object expected, Object actual, String what) {
    if (!Objects.equals(expected, actual)) {
      throw new AssertionError(what + " should be '" + expected + "' and is '" + actual + "'");
    }
  }
}
