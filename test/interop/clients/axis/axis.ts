import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Toolkit } from '../../toolkit.js';
import { shortWorkflow } from '../../workflow-steps.js';

/** As the packages name them; without the last two Axis warns that it cannot do attachments. */
const jars = ['axis', 'axis-jaxrpc', 'axis-saaj', 'commons-logging', 'commons-discovery', 'wsdl4j'];
const attachmentJars = ['javax.activation', 'javax.mail'];
const classPath = [...jars, ...attachmentJars].map((name) => `/usr/share/java/${name}.jar`).join(':');

/** Java on stubs of Apache Axis 1.4, of 2006 and still in use. */
export const axis: Toolkit = {
  name: 'axis',
  packages: ['libaxis-java', 'libactivation-java', 'openjdk-17-jdk-headless'],
  usesProxy: true,
  async prepare({ directory, wsdl, tripwire, succeed }) {
    await mkdir(join(directory, 'stubs'));
    await mkdir(join(directory, 'classes'));
    const java = ['-cp', `${classPath}:classes`, ...tripwire.javaOptions];
    await succeed('java', ...java, 'org.apache.axis.wsdl.WSDL2Java', '-o', 'stubs', wsdl);
    const compile = ['-nowarn', '-d', 'classes', '-cp', classPath, '-sourcepath', 'stubs'];
    await succeed('javac', ...compile, join(import.meta.dirname, 'Workflow.java'));
    const command = { program: 'java', arguments: [...java, 'Workflow'] };
    return [{ name: 'Axis 1.4', steps: shortWorkflow, command }];
  },
};
