import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Toolkit, Workshop } from '../../toolkit.js';
import { wholeWorkflow } from '../../workflow-steps.js';

const tools = '/usr/share/java/jaxws-tools.jar';
const runtime = '/usr/share/java/jaxws-rt.jar';

/**
 * What wsimport says of every WSDL that has a port besides one for SOAP 1.1, whatever is in it: its code writes these five lines
 * whenever it meets such a port (`WSDLModeler.processPort`), and without `-extension` it passes SOAP 1.2 over.
 */
const remarksOnPorts: readonly string[] = [
  'SOAP port "srvSoap12": uses a non-standard SOAP 1.2 binding.',
  ...['srvHttpGet', 'srvHttpPost'].flatMap((port) => [
    `Port "${port}" is not a SOAP port, it has no soap:address`,
    `port "${port}": not a standard SOAP port. The generated artifacts may not work with JAX-WS runtime.`,
  ]),
];

const bindings = [
  { name: 'JAX-WS over SOAP 1.1', binding: 'soap11' },
  { name: 'JAX-WS over SOAP 1.2', binding: 'soap12' },
  { name: 'JAX-WS over SOAP 1.1 with MTOM', binding: 'soap11-mtom' },
  { name: 'JAX-WS over SOAP 1.2 with MTOM', binding: 'soap12-mtom' },
];

/** Java on the stubs that the reference implementation's `wsimport` generates. */
export const jaxWs: Toolkit = {
  name: 'jax-ws',
  packages: ['libjaxws-java', 'openjdk-17-jdk-headless'],
  usesProxy: true,
  async prepare(workshop) {
    await mkdir(join(workshop.directory, 'classes'));
    await generate(workshop);
    const classPath = `${runtime}:classes`;
    const source = join(import.meta.dirname, 'Workflow.java');
    await workshop.succeed('javac', '-d', 'classes', '-cp', classPath, source);
    // Debian's runtime names its implementation of SAAJ in a way that it warns of itself.
    const saaj = '-Djavax.xml.soap.SAAJMetaFactory=com.sun.xml.messaging.saaj.soap.SAAJMetaFactoryImpl';
    const java = [saaj, ...workshop.tripwire.javaOptions, '-cp', classPath, 'Workflow'];
    return bindings.map(({ name, binding }) => ({
      name,
      steps: wholeWorkflow,
      command: { program: 'java', arguments: java, environment: { INTEROP_BINDING: binding } },
    }));
  },
};

async function generate({ wsdl, report, tripwire, succeed }: Workshop): Promise<void> {
  await report.check('wsimport reads the WSDL without a warning of what is in it', async () => {
    const wsimport = ['-jar', tools, '-extension', '-d', 'classes', '-p', 'lighterage.stubs', wsdl];
    const said = await succeed('java', ...tripwire.javaOptions, ...wsimport);
    const warnings = [...said.matchAll(/^\[(?:WARNING|ERROR)\] (.*)$/gm)].map(([, text = '']) => text);
    const unexpected = warnings.filter((text) => !remarksOnPorts.includes(text));
    if (unexpected.length > 0) throw new Error(unexpected.join(' | '));
  });
}
