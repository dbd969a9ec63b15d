"""The short workflow with zeep, on the port that BINDING names."""

import zeep
from lxml import etree
from workflow import run, setting

port = setting("BINDING")
service = zeep.Client(setting("URL") + "?WSDL").bind("srv", port)


def call(operation, arguments):
    element = getattr(service, operation)(**arguments)
    return element.attrib, element.text


def download(arguments):
    return service.DownloadDocument(**arguments)


def provoke_fault(ticket):
    envelope = {"srvSoap": "http://schemas.xmlsoap.org/soap/envelope/", "srvSoap12": "http://www.w3.org/2003/05/soap-envelope"}[port]
    header = etree.Element("{urn:lighterage:interop}Insurance", {"{%s}mustUnderstand" % envelope: "1"})
    try:
        service.CreateUploadHandler(ticket, 0, _soapheaders=[header])
    except zeep.exceptions.Fault as fault:
        return fault.message


run(call, download, provoke_fault)
