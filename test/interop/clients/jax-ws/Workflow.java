import com.sun.xml.ws.api.message.Headers;
import com.sun.xml.ws.developer.JAXWSProperties;
import com.sun.xml.ws.developer.WSBindingProvider;
import java.io.ByteArrayOutputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.zip.CRC32;
import javax.xml.namespace.QName;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.ws.WebServiceFeature;
import javax.xml.ws.handler.MessageContext;
import javax.xml.ws.soap.MTOMFeature;
import javax.xml.ws.soap.SOAPFaultException;
import lighterage.stubs.Srv;
import lighterage.stubs.SrvSoap;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The whole workflow on stubs that wsimport generated; BINDING says over which port, and whether with MTOM. */
public class Workflow {
  static final String URL = setting("URL");
  static final String BINDING = setting("BINDING");
  static final String USER = setting("USER");
  static final String PASSWORD = setting("PASSWORD");
  static final String FOLDER = setting("FOLDER");
  static final String DOCUMENT = FOLDER + "/cargo.bin";

  interface Act {
    void run() throws Exception;
  }

  static SrvSoap service;
  static String ticket;
  static String upload;
  static String download;
  static int chunkSize;
  static byte[] received;

  public static void main(String[] arguments) throws Exception {
    byte[] content = Files.readAllBytes(Path.of(setting("FILE")));
    byte[] replacement = Arrays.copyOfRange(content, 1000, 3000);
    service = connect();

    step("logs in", () -> {
      Element answer = element(service.authenticateUser(USER, PASSWORD).getContent());
      equal("true", answer, "success");
      equal(USER, answer, "username");
      ticket = UUID.fromString(answer.getAttribute("ticket")).toString();
    });
    step("is refused with a wrong password", () ->
        refused("[900] Authentication failed", service.authenticateUser(USER, PASSWORD + "x").getContent()));
    step("makes a folder", () -> {
      Element answer = element(service.createFolder(ticket, FOLDER).getContent());
      equal("true", answer, "success");
      equal(FOLDER.substring("/Public/".length()), answer, "FolderName");
    });
    step("is told the size of its chunks", () -> {
      Element answer = element(service.createUploadHandler(ticket, 1).getContent());
      equal("262144", answer, "ChunkSize");
      upload = answer.getAttribute("UploadHandler");
      chunkSize = Integer.parseInt(answer.getAttribute("ChunkSize"));
    });
    step("is told to try a chunk with a wrong CRC again", () -> {
      byte[] chunk = Arrays.copyOf(content, chunkSize);
      Element answer = element(service.uploadFileChunk(ticket, upload, chunk, "0BADC0DE", false).getContent());
      equal("false", answer, "success");
      equal("true", answer, "tryagain");
    });
    step("sends a file in chunks", () -> {
      Element answer = null;
      for (int offset = 0; offset < content.length; offset += chunkSize) {
        byte[] chunk = Arrays.copyOfRange(content, offset, Math.min(offset + chunkSize, content.length));
        boolean last = offset + chunk.length == content.length;
        answer = element(service.uploadFileChunk(ticket, upload, chunk, hexCrc32("%X", chunk), last).getContent());
        equal("true", answer, "success");
        equal("false", answer, "tryagain");
      }
      equal(hexCrc32("%X", content), answer, "filehexcrc");
    });
    step("commits it", () -> {
      Element answer = element(service.uploadDocumentWithHandler(ticket, DOCUMENT, upload).getContent());
      equal("true", answer, "success");
      equal("1000000", answer, "VersionId");
    });
    step("opens it for download", () -> {
      Element answer = element(service.getDownloadHandler(ticket, DOCUMENT, 1).getContent());
      equal("true", answer, "success");
      equal(Integer.toString(content.length), answer, "Size");
      equal(hexCrc32("%08x", content), answer, "CRC32");
      equal("262144", answer, "ChunkSize");
      download = answer.getAttribute("downloadhandler");
    });
    step("reads it in chunks with the right CRCs", () -> {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      boolean last = false;
      while (!last) {
        Element answer = element(service.downloadFileChunk(ticket, download, file.size(), 262144).getContent());
        equal("true", answer, "success");
        byte[] chunk = Base64.getDecoder().decode(answer.getTextContent());
        equal(Integer.toString(chunk.length), answer, "chunklength");
        equal(hexCrc32("%08x", chunk), answer, "chunkCRC32");
        file.write(chunk);
        last = answer.getAttribute("lastchunk").equals("true");
      }
      received = file.toByteArray();
      equal("true", element(service.deleteDownloadHandler(ticket, download).getContent()), "success");
    });
    step("has the bytes it sent", () -> same(content, received));
    step("reads it in one call", () -> {
      same(content, service.downloadDocument(ticket, DOCUMENT));
      String expected = BINDING.endsWith("mtom") ? "multipart/related" : "soap12".equals(BINDING) ? "application/soap+xml" : "text/xml";
      equal(expected, contentType(), "the type of the answer");
    });
    step("replaces it in one call", () -> {
      equal("1000001", element(service.uploadDocument(ticket, DOCUMENT, replacement).getContent()), "VersionId");
      same(replacement, service.downloadDocument(ticket, DOCUMENT));
    });
    step("still reads the first version", () -> same(content, service.downloadDocumentVersion(ticket, DOCUMENT, 1000000)));
    step("sees both versions", () -> {
      Element answer = element(service.getDocumentVersions(ticket, DOCUMENT).getContent());
      equal("true", answer, "success");
      NodeList versions = answer.getElementsByTagName("Version");
      Map<String, String> sizes = new HashMap<>();
      for (int at = 0; at < versions.getLength(); at++) {
        Element version = (Element) versions.item(at);
        sizes.put(version.getAttribute("Number"), version.getElementsByTagName("VersionSize").item(0).getTextContent());
      }
      equal(Map.of("1000000", "" + content.length, "1000001", "" + replacement.length), sizes, "the sizes of the versions");
    });
    step("is told that a ticket is not known", () ->
        refused("[901] Session expired or Invalid ticket",
            service.createUploadHandler(UUID.randomUUID().toString(), 0).getContent()));
    step("is told that a document is missing", () ->
        refused("Document not found.", service.getDownloadHandler(ticket, FOLDER + "/nothing.bin", 0).getContent()));
    step("reads a fault", Workflow::demandAHeaderNobodyKnows);
    step("logs out, and the ticket is dead", () -> {
      equal("true", element(service.logOut(ticket).getContent()), "success");
      refused("[901] Session expired or Invalid ticket", service.createUploadHandler(ticket, 0).getContent());
    });
  }

  /** With MTOM, requests also go out in chunked transfer coding: the two together are what a client streams with. */
  static SrvSoap connect() throws Exception {
    boolean mtom = BINDING.endsWith("mtom");
    WebServiceFeature[] features = mtom ? new WebServiceFeature[] {new MTOMFeature(true)} : new WebServiceFeature[0];
    Srv wsdl = new Srv(new URL(URL + "?WSDL"));
    SrvSoap port = BINDING.startsWith("soap12") ? wsdl.getSrvSoap12(features) : wsdl.getSrvSoap(features);
    if (mtom) ((WSBindingProvider) port).getRequestContext().put(JAXWSProperties.HTTP_CLIENT_STREAMING_CHUNK_SIZE, 8192);
    return port;
  }

  static void demandAHeaderNobodyKnows() throws Exception {
    boolean soap12 = BINDING.startsWith("soap12");
    String envelope = soap12 ? "http://www.w3.org/2003/05/soap-envelope" : "http://schemas.xmlsoap.org/soap/envelope/";
    Document document = DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().newDocument();
    Element header = document.createElementNS("urn:lighterage:interop", "Insurance");
    header.setAttributeNS(envelope, "soap:mustUnderstand", soap12 ? "true" : "1");
    ((WSBindingProvider) service).setOutboundHeaders(Headers.create(header));
    try {
      service.createUploadHandler(ticket, 0);
      throw new AssertionError("a header that must be understood was passed over");
    } catch (SOAPFaultException fault) {
      equal(new QName(envelope, "MustUnderstand"), fault.getFault().getFaultCodeAsQName(), "the fault's code");
      equal("SOAP header Insurance was not understood.", fault.getFault().getFaultString(), "the fault's text");
    } finally {
      ((WSBindingProvider) service).setOutboundHeaders(List.of());
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

  /** The one element of an answer, which may stand among white space. */
  static Element element(List<Object> content) {
    return content.stream().filter(Element.class::isInstance).map(Element.class::cast).findFirst().orElseThrow();
  }

  /** The media type of the last answer, without its parameters. */
  @SuppressWarnings("unchecked")
  static String contentType() {
    Map<String, List<String>> headers =
        (Map<String, List<String>>) ((WSBindingProvider) service).getResponseContext().get(MessageContext.HTTP_RESPONSE_HEADERS);
    return headers.get("Content-Type").get(0).split(";")[0];
  }

  static String hexCrc32(String format, byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return String.format(format, crc.getValue());
  }

  static void refused(String error, List<Object> content) {
    Element answer = element(content);
    equal("false", answer, "success");
    equal(error, answer, "error");
  }

  static void equal(String expected, Element answer, String attribute) {
    equal(expected, answer.getAttribute(attribute), attribute);
  }

  static void equal(Object expected, Object actual, String what) {
    if (!Objects.equals(expected, actual)) {
      throw new AssertionError(what + " should be '" + expected + "' and is '" + actual + "'");
    }
  }

  static void same(byte[] expected, byte[] actual) {
    equal(expected.length, actual.length, "the number of bytes");
    equal(true, Arrays.equals(expected, actual), "the bytes are the same");
  }
}
