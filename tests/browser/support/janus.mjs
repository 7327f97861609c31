// A Janus, as an operator runs it: deploy/janus/start.sh.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { eventually } from './wait.mjs';

const START = fileURLToPath(new URL('../../../deploy/janus/start.sh', import.meta.url));
const SECRETS = { JANUS_API_SECRET: 'test-api', JANUS_ADMIN_SECRET: 'test-admin', JANUS_ROOM_KEY: 'test-room-key' };

export class Janus {
  /** How the server is told of it. */
  static arguments = [
    ...['--engine', 'janus', '--janus-api-secret', SECRETS.JANUS_API_SECRET],
    ...['--janus-admin-secret', SECRETS.JANUS_ADMIN_SECRET, '--janus-room-key', SECRETS.JANUS_ROOM_KEY],
  ];

  static async start() {
    const janus = new Janus();
    janus.directory = await mkdtemp(join(tmpdir(), 'trialogue-janus-'));
    await janus.run();
    return janus;
  }

  async run() {
    const environment = { PATH: process.env.PATH, ...SECRETS, JANUS_ADDRESSES: '127.', JANUS_CONFIGURATION: this.directory };
    const child = spawn(START, [], { env: environment });
    this.process = child;
    this.log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.log += text));
    await eventually('Janus serves', () => {
      if (child.exitCode !== null) throw new Error(`Janus ended: ${this.log}`);
      return this.log.includes('WebSockets thread started');
    });
  }

  async kill() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }

  async stop() {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
