import type { Contract, OperationContract, Parameter } from '../../contract/contract.js';
import { HOST_MARK, PATH_MARK } from './address-template.js';
import { type Html, markup, sample } from './html.js';

/** A request and its answer as they go over the wire, with placeholders where values go. */
export interface SampleExchange {
  readonly title: string;
  readonly request: Html;
  readonly response: Html;
}

/** The messages of an operation on every binding, in the order of the ports. */
export function sampleExchanges(contract: Contract, operation: OperationContract): readonly SampleExchange[] {
  return [
    soap11Exchange(contract, operation),
    soap12Exchange(contract, operation),
    getExchange(operation),
    postExchange(operation),
    ...(takesContent(operation) ? [multipartExchange(operation)] : []),
  ];
}

/** Whether an argument of the operation is content. */
export function takesContent(operation: OperationContract): boolean {
  return operation.parameters.some((parameter) => parameter.type === 'base64Binary');
}

const LENGTH = placeholder('length');

function placeholder(name: string): Html {
  return markup`<var>${name}</var>`;
}

function soap11Exchange(contract: Contract, operation: OperationContract): SampleExchange {
  const namespace = 'http://schemas.xmlsoap.org/soap/envelope/';
  return {
    title: 'SOAP 1.1',
    request: sample`POST ${PATH_MARK} HTTP/1.1
Host: ${HOST_MARK}
Content-Type: text/xml; charset=utf-8
Content-Length: ${LENGTH}
SOAPAction: "${operation.soapAction}"

${envelope(namespace, requestElement(contract, operation))}`,
    response: sample`HTTP/1.1 200 OK
Content-Type: text/xml; charset=utf-8
Content-Length: ${LENGTH}

${envelope(namespace, responseElement(contract, operation))}`,
  };
}

function soap12Exchange(contract: Contract, operation: OperationContract): SampleExchange {
  const namespace = 'http://www.w3.org/2003/05/soap-envelope';
  return {
    title: 'SOAP 1.2',
    request: sample`POST ${PATH_MARK} HTTP/1.1
Host: ${HOST_MARK}
Content-Type: application/soap+xml; charset=utf-8; action="${operation.soapAction}"
Content-Length: ${LENGTH}

${envelope(namespace, requestElement(contract, operation))}`,
    response: sample`HTTP/1.1 200 OK
Content-Type: application/soap+xml; charset=utf-8
Content-Length: ${LENGTH}

${envelope(namespace, responseElement(contract, operation))}`,
  };
}

function envelope(namespace: string, body: Html): Html {
  return sample`<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="${namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <soap:Body>
    ${body}
  </soap:Body>
</soap:Envelope>`;
}

function requestElement(contract: Contract, { name, parameters }: OperationContract): Html {
  if (parameters.length === 0) return sample`<${name} xmlns="${contract.namespace}" />`;
  const lines = parameters.map(
    (parameter) => sample`
      <${parameter.name}>${placeholder(parameter.type)}</${parameter.name}>`,
  );
  return sample`<${name} xmlns="${contract.namespace}">${lines}
    </${name}>`;
}

function responseElement(contract: Contract, { name, result }: OperationContract): Html {
  return sample`<${name}Response xmlns="${contract.namespace}">
      <${name}Result>${placeholder(result === 'bytes' ? 'base64Binary' : 'xml')}</${name}Result>
    </${name}Response>`;
}

function getExchange(operation: OperationContract): SampleExchange {
  const query = operation.parameters.length > 0 ? sample`?${pairs(operation.parameters)}` : sample``;
  return {
    title: 'HTTP GET',
    request: sample`GET ${PATH_MARK}/${operation.name}${query} HTTP/1.1
Host: ${HOST_MARK}`,
    response: httpResponse(operation),
  };
}

function postExchange(operation: OperationContract): SampleExchange {
  return {
    title: 'HTTP POST',
    request: sample`POST ${PATH_MARK}/${operation.name} HTTP/1.1
Host: ${HOST_MARK}
Content-Type: application/x-www-form-urlencoded
Content-Length: ${LENGTH}

${pairs(operation.parameters)}`,
    response: httpResponse(operation),
  };
}

/** Content goes as it is in a multipart message, without base64. */
function multipartExchange(operation: OperationContract): SampleExchange {
  const boundary = placeholder('boundary');
  const parts = operation.parameters.map(
    (parameter) => sample`--${boundary}
${partHeader(parameter)}

${placeholder(parameter.type === 'base64Binary' ? 'bytes' : parameter.type)}
`,
  );
  return {
    title: 'HTTP POST, multipart',
    request: sample`POST ${PATH_MARK}/${operation.name} HTTP/1.1
Host: ${HOST_MARK}
Content-Type: multipart/form-data; boundary=${boundary}
Content-Length: ${LENGTH}

${parts}--${boundary}--`,
    response: httpResponse(operation),
  };
}

function partHeader({ name, type }: Parameter): Html {
  if (type !== 'base64Binary') return sample`Content-Disposition: form-data; name="${name}"`;
  return sample`Content-Disposition: form-data; name="${name}"; filename="${placeholder('name')}"
Content-Type: application/octet-stream`;
}

function pairs(parameters: readonly Parameter[]): Html {
  const each = parameters.map(({ name, type }, index) => sample`${index === 0 ? '' : '&'}${name}=${placeholder(type)}`);
  return sample`${each}`;
}

function httpResponse({ result }: OperationContract): Html {
  if (result === 'bytes') {
    return sample`HTTP/1.1 200 OK
Content-Type: application/octet-stream
Content-Length: ${LENGTH}

${placeholder('bytes')}`;
  }
  return sample`HTTP/1.1 200 OK
Content-Type: text/xml; charset=utf-8
Content-Length: ${LENGTH}

<?xml version="1.0" encoding="utf-8"?>
${placeholder('xml')}`;
}
