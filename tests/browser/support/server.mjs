// The server's program, as an operator runs it.

import { spawn, execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { eventually } from './wait.mjs';

const PROGRAM = process.env.TRIALOGUE_PROGRAM;
if (!PROGRAM) throw new Error('TRIALOGUE_PROGRAM is not set: run these tests by `cargo test -p trialogue-server browser`');

/** Settings of whoever runs the tests must not count. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('TRIALOGUE_') && !name.startsWith('PG')),
);

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export class Server {
  /** A server on a database of its own, with the demo's users; `more` are further arguments. */
  static async start(more = []) {
    const server = new Server();
    server.directory = await mkdtemp(join(tmpdir(), 'trialogue-browser-'));
    server.database = `sqlite://${join(server.directory, 'trialogue.db')}`;
    // It must come back at the same place.
    server.port = await freePort();
    server.more = more;
    server.origin = `http://127.0.0.1:${server.port}`;
    await server.run();
    const demo = ['demo', '--json', '--database', server.database, '--listen', `127.0.0.1:${server.port}`];
    const { stdout } = await promisify(execFile)(PROGRAM, demo, { env: environment });
    server.users = JSON.parse(stdout);
    return server;
  }

  async run() {
    // A test that kills the server may take its time on a busy machine.
    const patience = this.more.includes('--reconnect-seconds') ? [] : ['--reconnect-seconds', '120'];
    const listen = [...patience, '--listen', `127.0.0.1:${this.port}`, '--log', process.env.TRIALOGUE_TEST_LOG ?? 'warn'];
    // Another engine, say.
    const given = (process.env.TRIALOGUE_ARGUMENTS ?? '').split(' ').filter(Boolean);
    const arguments_ = ['serve', '--database', this.database, ...listen, ...given, ...this.more];
    this.log ??= '';
    const child = spawn(PROGRAM, arguments_, { env: environment, cwd: this.directory });
    this.process = child;
    child.stderr.on('data', (text) => (this.log += text));
    let printed = '';
    child.stdout.on('data', (text) => (printed += text));
    await eventually('the server listens', () => {
      if (child.exitCode !== null) throw new Error(`the server ended: ${this.log}`);
      return printed.includes('listening on');
    });
  }

  /** A ring plan of one step for everyone, by which each is rung for so many seconds. */
  async ring(seconds) {
    const file = join(this.directory, 'plan.toml');
    await writeFile(file, `[[step]]\nwho = "everyone"\nring = "star"\nwidth = 5\nring_seconds = ${seconds}\nseconds = 60\n`);
    await promisify(execFile)(PROGRAM, ['plan', 'set', file, '--database', this.database], { env: environment });
  }

  /** As a power failure would. */
  async kill() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }

  async stop() {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** POST to the API; the status and the value. */
  async post(path, token = '', body = undefined) {
    const response = await fetch(`${this.origin}/API/${path}`, {
      method: 'POST',
      headers: { WEYIToken: token, Accept: 'application/json', 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, code: response.headers.get('X-Error-Code'), value: text ? JSON.parse(text) : null };
  }
}
