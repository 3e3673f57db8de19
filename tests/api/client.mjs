// A server of its own and a bare client: what the scripts here share. Needs Node, no packages.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ACCOUNT = '123456789012', REGION = 'us-east-1';

const running = new Set(); // servers: what a failed test leaves must not keep this process waiting

export class Server {
  constructor(options = []) {
    this.folder = mkdtempSync(join(tmpdir(), 'stepwell-api-'));
    this.options = options;
    this.port = 0;
  }

  // Starts it, the first time on any port, then again on the same; resolves once it answers.
  async start() {
    const program = process.env.STEPWELL ?? 'build/stepwell';
    this.errors = '';
    this.agent?.destroy(); // connections to the one before
    this.agent = new Agent({ keepAlive: true });
    running.add(this);
    this.process = spawn(program, ['serve', '--port', String(this.port), '--db',
      join(this.folder, 'api.db'), ...this.options], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.ended = new Promise((resolve) => this.process.on('exit', (code, signal) =>
      resolve(code ?? signal)));
    await new Promise((resolve, reject) => {
      this.process.stderr.on('data', (data) => {
        this.errors += data;
        const told = /http:\/\/[^:]+:(\d+)/.exec(this.errors);
        if (told) this.port = Number(told[1]);
        if (told) resolve();
      });
      this.process.on('exit', () => reject(new Error(`the server ended: ${this.errors}`)));
    });
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(signal = 'SIGTERM') {
    this.process.kill(signal);
    running.delete(this);
    return this.ended;
  }

  async close() {
    const status = await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
    return status;
  }

  // Any request: {status, headers, body}.
  raw(method, path, headers, body = '') {
    return new Promise((resolve, reject) => {
      const r = request({ host: '127.0.0.1', port: this.port, agent: this.agent, method, path, headers }, (answer) => {
        let text = '';
        answer.on('error', reject); // broken off in the middle
        answer.on('data', (data) => { text += data; });
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }));
      });
      r.on('error', reject);
      r.end(body);
    });
  }

  // One operation: {status, body}, the body parsed.
  async call(operation, parameters) {
    const answer = await this.raw('POST', '/', {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': `AWSStepFunctions.${operation}`,
    }, JSON.stringify(parameters));
    return { status: answer.status, body: JSON.parse(answer.body) };
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What `what` gives as soon as that is something. The patience is for stalled machines: a test never sleeps to
// wait, and never judges by time. `why` is shown when it never comes: text, or a function that gives it.
export async function until(what, why = what, seconds = 120) {
  for (const begin = performance.now(); ;) {
    const found = await what();
    if (found) return found;
    if (performance.now() - begin > seconds * 1000) throw new Error(`does not come: ${typeof why === 'function' ? await why() : why}`);
    await sleep(10);
  }
}

// Counts, and says at the end how it went (tests/run.sh reads the last line).
export class Tally {
  constructor(name) {
    Object.assign(this, { name, passed: 0, failed: 0, skipped: 0 });
  }

  pass() {
    this.passed++;
  }

  fail(what, why) {
    this.failed++;
    console.log(`FAILED ${what}: ${why}`);
  }

  skip(what, why) {
    this.skipped++;
    console.log(`skipped: ${what}: ${why}`);
  }

  close() {
    console.log(`${this.name}: ${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
    process.exitCode = this.failed ? 1 : 0;
    for (const server of running) server.process.kill('SIGKILL');
  }
}
