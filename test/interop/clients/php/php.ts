import { join } from 'node:path';
import type { Toolkit } from '../../toolkit.js';
import { shortWorkflow } from '../../workflow-steps.js';

const program = join(import.meta.dirname, 'workflow.php');

/** PHP's own SoapClient, which reads the WSDL when it runs. */
export const php: Toolkit = {
  name: 'php',
  packages: ['php-cli', 'php-soap', 'php-xml'],
  usesProxy: false,
  prepare: () =>
    Promise.resolve(
      [
        { name: 'PHP over SOAP 1.1', binding: 'soap11' },
        { name: 'PHP over SOAP 1.2', binding: 'soap12' },
      ].map(({ name, binding }) => ({
        name,
        steps: shortWorkflow,
        command: { program: 'php', arguments: [program], environment: { INTEROP_BINDING: binding } },
      })),
    ),
};
