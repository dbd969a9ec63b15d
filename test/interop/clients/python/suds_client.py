"""The short workflow with suds, which speaks SOAP 1.1 only."""

import base64
import os

import suds
import suds.client
from suds.sax.attribute import Attribute
from suds.sax.element import Element
from workflow import run, setting

client = suds.client.Client(setting("URL") + "?WSDL", cache=None, timeout=60, proxy={"http": os.environ["http_proxy"]})
service = client.service["srvSoap"]


def call(operation, arguments):
    if "fileChunk" in arguments:
        arguments = dict(arguments, fileChunk=base64.b64encode(arguments["fileChunk"]).decode())
    (_, answer), = getattr(service, operation)(**arguments)
    attributes = {name[1:]: str(value) for name, value in answer if name.startswith("_")}
    return attributes, getattr(answer, "value", None)


def download(arguments):
    return base64.b64decode(service.DownloadDocument(**arguments))


def provoke_fault(ticket):
    envelope = ("soap", "http://schemas.xmlsoap.org/soap/envelope/")
    header = Element("Insurance", ns=("i", "urn:lighterage:interop"))
    header.append(Attribute("soap:mustUnderstand", "1"))
    header.addPrefix(*envelope)
    client.set_options(soapheaders=header)
    try:
        service.CreateUploadHandler(ticket, 0)
    except suds.WebFault as fault:
        return str(fault.fault.faultstring)
    finally:
        client.set_options(soapheaders=())


run(call, download, provoke_fault)
