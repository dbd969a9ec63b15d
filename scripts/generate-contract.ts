/**
 * Writes src/contract/operations.generated.ts from the WSDL, so that the compiler checks every operation's arguments.
 * With `--check` it writes nothing, and exits 1 when the file is not what the WSDL gives.
 */
import type { Contract, OperationContract, ParameterType } from '../src/contract/contract.js';
import { loadContract } from '../src/contract/wsdl-reader.js';
import { writeGenerated } from './generated-file.js';

const TYPES: Readonly<Record<ParameterType, string>> = {
  string: 'string',
  int: 'number',
  short: 'number',
  long: 'number',
  boolean: 'boolean',
  base64Binary: 'Payload',
};

function generate(contract: Contract): string {
  const operations = [...contract.operations.values()];
  return `/* Written by scripts/generate-contract.ts from wsdl/srv.asmx.wsdl: change that, then run \`npm run generate\`. */
import type { Payload } from './payload.js';

/** The arguments of every operation, by its name. */
export interface OperationArguments {
${operations.map(argumentsOf).join('\n')}
}

export type OperationName = keyof OperationArguments;
`;
}

function argumentsOf({ name, parameters }: OperationContract): string {
  if (parameters.length === 0) return `  readonly ${name}: Readonly<Record<string, never>>;`;
  const fields = parameters.map((parameter) => `    readonly ${parameter.name}: ${TYPES[parameter.type]};`);
  return [`  readonly ${name}: {`, ...fields, '  };'].join('\n');
}

writeGenerated('src/contract/operations.generated.ts', generate(loadContract()));
