import type { Command } from '../support/command.js';
import type { InternetTripwire } from './internet-tripwire.js';
import type { Report } from '../support/report.js';

/** What a toolkit finds when it makes its programs. */
export interface Workshop {
  /** An empty directory for stubs and programs. */
  readonly directory: string;
  /** The address of the served WSDL. */
  readonly wsdl: string;
  readonly report: Report;
  readonly tripwire: InternetTripwire;
  /** Runs a program in the directory, and gives what it said. Throws when its status is not 0. */
  readonly succeed: (program: string, ...argumentsOfIt: string[]) => Promise<string>;
}

/** A client, ready to run. It finds the server, the account, its folder and the file to send in variables named `INTEROP_…`. */
export interface Program {
  readonly name: string;
  readonly steps: readonly string[];
  /** Runs in the workshop's directory. */
  readonly command: Command;
}

/** A client library as Debian has it, and the programs of this suite that use it. */
export interface Toolkit {
  /** As in `npm run test:interop -- <name> …`. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Whether it goes by the proxy it is told to use. Only then can it be seen that it asks for nothing on the internet. */
  readonly usesProxy: boolean;
  /** Generates stubs from the WSDL and compiles, where the toolkit does that. Throws when there is no program to run. */
  prepare(workshop: Workshop): Promise<readonly Program[]>;
}
