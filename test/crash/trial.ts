import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Service } from '../../scripts/client/service.js';
import { RunningServer, type StartingServer } from '../../scripts/running-server.js';
import { runCommandLine } from '../../src/commands/command-line.js';
import { Random } from '../fuzz/random.js';
import { run as runProgram } from '../support/command.js';
import { complaintOf } from '../support/complaint.js';
import { workersOf } from '../support/workers-of.js';
import { Client } from './client.js';
import { Inspection } from './inspection.js';
import { answering, crewOf, killAll, replaced } from './killing.js';
import { Ledger } from './ledger.js';
import { Line } from './line.js';
import { describeMoment, operationOf, pickMoment, reached } from './moment.js';
import { Reader } from './reader.js';
import { readRecords } from './records.js';
import { Settlements } from './settlements.js';
import { Violation } from './violation.js';
import { Witness } from './witness.js';

export interface TrialOptions {
  /** The data directory: empty. */
  readonly data: string;
  readonly workers: number;
  /** How often the server is killed. */
  readonly kills: number;
  readonly seed: number;
  /** Takes a line for each kill. */
  readonly tell: (line: string) => void;
}

/** Who is killed: the server while it starts, all of it, only the process that was started, only one worker. */
export type Victim = 'a starting server' | 'the whole server' | 'the first process' | 'a worker';

/** A server that takes calls. */
interface Afloat {
  readonly starting: StartingServer;
  readonly running: RunningServer;
}

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const ADMIN_PASSWORD = 'an administrator';
const TRUSTED_PASSWORD = 'a trusted program';
const INSPECTOR = 'inspector';

/** Clients at the same time. */
const CLIENTS = 6;

const SHARED_PATHS = ['/Public/of-all-1.txt', '/Public/of-all-2.txt'];

/** How long a start takes until one has been seen, ms. */
const FIRST_GUESS_MS = 600;

/** One server in one form, killed again and again while clients use it. */
export class Trial {
  readonly #options: TrialOptions;
  /** Whom to kill and when comes from the seed alone. */
  readonly #random: Random;
  readonly #ledger = new Ledger();
  readonly #clients: readonly Client[];
  readonly #kills = new Map<Victim, number>();
  readonly witness = new Witness();
  readonly settlements = new Settlements();
  #startMs = FIRST_GUESS_MS;
  #versionsRead = 0;
  /** The server that was started last. */
  #launched: StartingServer | undefined;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#clients = Array.from(
      { length: CLIENTS },
      (_, n) =>
        new Client({
          user: `client-${n + 1}`,
          trustedPassword: TRUSTED_PASSWORD,
          ledger: this.#ledger,
          random: new Random(options.seed + n + 1),
          sharedPaths: SHARED_PATHS,
        }),
    );
  }

  /** How often who was killed. */
  get kills(): ReadonlyMap<Victim, number> {
    return this.#kills;
  }

  /** Versions there are at the end. */
  get versions(): number {
    return [...this.#ledger.documents.values()].reduce((sum, { versions }) => sum + versions.size, 0);
  }

  /** Versions that were read and found right, each as often as it was. */
  get versionsRead(): number {
    return this.#versionsRead;
  }

  /** No server is left running. @throws Violation */
  async run(): Promise<void> {
    try {
      await this.#run();
    } finally {
      this.#launched?.kill();
      await this.#launched?.ended;
    }
  }

  async #run(): Promise<void> {
    /* The first start makes the database, a library and the administrator. */
    await this.#killStarting();
    await this.#killStarting();
    let server = await this.#start();
    await addUsers(this.#options.data, [INSPECTOR, ...this.#clients.map(({ user }) => user)]);
    const reader = await this.#hireReader(server);
    while (this.#isGoingOn()) {
      const victim = this.#pickVictim();
      await this.#killServing(server, victim);
      if (victim !== 'a worker') {
        while (this.#isGoingOn() && this.#random.oneIn(5)) await this.#killStarting();
        server = await this.#start();
      }
      await this.#inspect(server, reader, victim !== 'a worker');
    }
    await reader.readAll(this.#quietLine(server));
    this.#versionsRead = reader.versions;
    await server.running.stop();
    await this.#check();
  }

  #isGoingOn(): boolean {
    return this.#killCount < this.#options.kills;
  }

  get #killCount(): number {
    return [...this.#kills.values()].reduce((sum, count) => sum + count, 0);
  }

  #pickVictim(): Exclude<Victim, 'a starting server'> {
    if (this.#options.workers === 1) return 'the whole server';
    return this.#random.pick(['the whole server', 'the first process', 'a worker']);
  }

  #launch(): StartingServer {
    const { data, workers } = this.#options;
    this.#launched = RunningServer.launch({
      data,
      adminPassword: ADMIN_PASSWORD,
      environment: {
        LIGHTERAGE_WORKERS: String(workers),
        LIGHTERAGE_LOG_LEVEL: 'error',
        LIGHTERAGE_MAX_CALL_RATE: '0',
        LIGHTERAGE_TRUSTED_PASSWORD: TRUSTED_PASSWORD,
      },
    });
    return this.#launched;
  }

  async #start(): Promise<Afloat> {
    const begin = performance.now();
    const starting = this.#launch();
    const running = await starting.ready;
    this.#startMs = performance.now() - begin;
    return { starting, running };
  }

  async #killStarting(): Promise<void> {
    const ms = this.#random.below(1000) * (this.#startMs / 1000);
    const starting = this.#launch();
    const outcome = starting.ready.then(
      () => 'took calls already',
      () => 'took no calls yet',
    );
    await reached({ kind: 'time', ms }, this.witness);
    killAll(await crewOf(starting.pid, this.#random));
    await starting.ended;
    this.#count('a starting server', `${Math.round(ms)} ms after its start: it ${await outcome}`);
  }

  /** Lets the clients work until the moment comes, and kills. */
  async #killServing(server: Afloat, victim: Exclude<Victim, 'a starting server'>): Promise<void> {
    const moment = pickMoment(this.#random);
    const pids = await this.#pidsOf(server, victim);
    let isOver = false;
    const line = new Line(new Service(`${server.running.url}/srv.asmx`), this.witness);
    const unanswered = this.witness.sum('unanswered');
    const work = Promise.all(this.#clients.map((client) => client.work(line, () => isOver, operationOf(moment))));
    try {
      await Promise.race([reached(moment, this.witness), work]);
      isOver = victim !== 'a worker';
      killAll(pids);
      const [pid = 0] = pids;
      const recovered = isOver ? server.starting.ended : replaced(server.starting.pid, pid, this.#options.workers);
      await Promise.race([recovered, work.then(() => recovered)]);
    } finally {
      isOver = true;
    }
    await work;
    const lost = this.witness.sum('unanswered') - unanswered;
    this.#count(victim, `${describeMoment(moment)}; ${lost} calls were not answered`);
  }

  async #pidsOf({ starting }: Afloat, victim: Victim): Promise<readonly number[]> {
    if (victim === 'the first process') return [starting.pid];
    if (victim === 'a worker') return [this.#random.pick(await workersOf(starting.pid))];
    return crewOf(starting.pid, this.#random);
  }

  async #inspect(server: Afloat, reader: Reader, isFresh: boolean): Promise<void> {
    const { data } = this.#options;
    await this.#check();
    const line = this.#quietLine(server);
    await answering(line);
    const records = await readRecords(data);
    const { settlements } = this;
    await new Inspection({ ledger: this.#ledger, records, data, line, settlements, isFresh }).run();
    await reader.readSome(line);
    const complaint = complaintOf(server.running);
    if (complaint !== undefined) throw new Violation(complaint);
  }

  /** `lighterage check`, as an operator runs it. */
  async #check(): Promise<void> {
    const { errors, output, status } = await runProgram({
      program: process.execPath,
      arguments: [PROGRAM, 'check'],
      environment: { LIGHTERAGE_DATA: this.#options.data },
    });
    if (status !== 0) throw new Violation(`lighterage check ends with ${status ?? 'a signal'}:\n${output}${errors}`);
  }

  async #hireReader(server: Afloat): Promise<Reader> {
    const args = { TrustedUserPwd: TRUSTED_PASSWORD, UserName: INSPECTOR };
    const { attributes } = await this.#quietLine(server).call('CreateTicketforUser', args);
    return new Reader({
      ledger: this.#ledger,
      ticket: attributes['ticket'] ?? '',
      random: new Random(this.#options.seed - 1),
      settlements: this.settlements,
    });
  }

  /** For calls that are not the clients'. */
  #quietLine({ running }: Afloat): Line {
    return new Line(new Service(`${running.url}/srv.asmx`), new Witness(), 3);
  }

  #count(victim: Victim, how: string): void {
    this.#kills.set(victim, (this.#kills.get(victim) ?? 0) + 1);
    this.#options.tell(`${String(this.#killCount).padStart(4)}  ${victim}, ${how}`);
  }
}

async function addUsers(data: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const errors = new Writable({ write: (text, _encoding, done) => done(void process.stderr.write(text as Buffer)) });
    await runCommandLine(['user', 'add', name], {
      input: Readable.from(['never used\n']),
      output: nowhere,
      errors,
      environment: { LIGHTERAGE_DATA: data },
    });
  }
}
