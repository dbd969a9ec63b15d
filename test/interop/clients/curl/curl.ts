import { join } from 'node:path';
import type { Toolkit } from '../../toolkit.js';
import { shortWorkflow } from '../../workflow-steps.js';

const program = join(import.meta.dirname, 'workflow.sh');

/** No toolkit at all: a script with curl. */
export const curl: Toolkit = {
  name: 'curl',
  packages: ['curl'],
  usesProxy: false,
  prepare: () =>
    Promise.resolve(
      [
        { name: 'curl with multipart forms', binding: 'multipart' },
        { name: 'curl with SOAP by hand', binding: 'envelope' },
      ].map(({ name, binding }) => ({
        name,
        steps: shortWorkflow,
        command: { program: 'bash', arguments: [program], environment: { INTEROP_BINDING: binding } },
      })),
    ),
};
