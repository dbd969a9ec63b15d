import { join } from 'node:path';
import type { Toolkit } from '../../toolkit.js';
import { shortWorkflow } from '../../workflow-steps.js';

const program = join(import.meta.dirname, 'workflow.ts');

/** node-soap as a client, the usual one on Node.js; it is here already, since the server uses its other half. */
export const nodeSoap: Toolkit = {
  name: 'node-soap',
  packages: [],
  usesProxy: false,
  prepare: () =>
    Promise.resolve(
      [
        { name: 'node-soap over SOAP 1.1', binding: 'srvSoap' },
        { name: 'node-soap over SOAP 1.2', binding: 'srvSoap12' },
      ].map(({ name, binding }) => ({
        name,
        steps: shortWorkflow,
        command: {
          program: process.execPath,
          arguments: ['--import', import.meta.resolve('tsx'), program],
          environment: { INTEROP_BINDING: binding },
        },
      })),
    ),
};
