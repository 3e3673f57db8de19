// How one gets in: signatures verified where they are required, a Unix socket, logs without secrets,
// what a service manager is told, a graceful end and one at once.
import { createHash, createHmac } from 'node:crypto';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, Tally, until } from './client.mjs';

const tally = new Tally('doors');
const program = process.env.STEPWELL ?? 'build/stepwell';
const show = (v) => JSON.stringify(v);
function is(given, expected) {
  if (show(given) !== show(expected)) throw new Error(`${show(given)}, not ${show(expected)}`);
}
const ROLE = 'arn:aws:iam::123456789012:role/r';
const PASS = show({ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });

async function test(name, body) {
  const folder = mkdtempSync(join(tmpdir(), 'stepwell-doors-'));
  try {
    await body(folder);
    tally.pass();
  } catch (error) {
    tally.fail(name, error.stack ?? error);
  }
  rmSync(folder, { recursive: true, force: true });
}

// ---- signing, by AWS's description, independently of the program ----

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const hash = (text) => createHash('sha256').update(text).digest('hex');
const stampOf = (ms) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');

function sign(port, body, { id = 'AKIDONE', secret = 'canary-secret-one', token, service = 'states', region = 'us-east-1',
  at = Date.now(), target = 'AWSStepFunctions.ListStateMachines', headers: more = {} } = {}) {
  const stamp = stampOf(at), day = stamp.slice(0, 8);
  const headers = { host: `127.0.0.1:${port}`, 'content-type': 'application/x-amz-json-1.0', 'x-amz-date': stamp,
    'x-amz-target': target, 'user-agent': 'signed too', ...(token && { 'x-amz-security-token': token }), ...more };
  const names = Object.keys(headers).sort();
  const canonical = ['POST', '/', '', ...names.map((n) => `${n}:${headers[n].trim().replace(/ +/g, ' ')}`), '',
    names.join(';'), hash(body)].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, day));
  const signature = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope, hash(canonical)].join('\n')).toString('hex');
  return { ...headers, authorization:
    `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}` };
}

await test('signatures', async (folder) => {
  const keys = join(folder, 'keys');
  writeFileSync(keys, `[one]\naws_access_key_id = AKIDONE\naws_secret_access_key = canary-secret-one
[two]\naws_access_key_id = AKIDTWO\naws_secret_access_key = canary-secret-two\naws_session_token = canary-token\n`);
  const server = await new Server(['--require-signature', '--keys', keys, '--log-level', 'debug']).start();
  const ask = async (headers, body = '{}') => {
    const answer = await server.raw('POST', '/', headers, body);
    return [answer.status, (answer.body ? JSON.parse(answer.body).__type : undefined) ?? 'fine'];
  };
  const p = server.port;
  const bad = (change) => ask({ ...sign(p, '{}'), ...change });
  const wrong = 'InvalidSignatureException';
  is(await ask(sign(p, '{}')), [200, 'fine']);
  is(await ask(sign(p, '{}', { id: 'AKIDTWO', secret: 'canary-secret-two', token: 'canary-token' })), [200, 'fine']);
  is(await ask(sign(p, '{}', { headers: { 'x-amz-meta': '  many   blanks ' } })), [200, 'fine']);
  is(await ask(sign(p, '{}', { at: Date.now() - 4 * 60000 })), [200, 'fine']);
  for (const [expected, headers, body] of [
    ['MissingAuthenticationTokenException', { 'content-type': 'application/x-amz-json-1.0' }],
    ['IncompleteSignatureException', { ...sign(p, '{}'), authorization: 'Bearer canary' }],
    ['IncompleteSignatureException', { ...sign(p, '{}'), 'x-amz-date': '' }],
    ['UnrecognizedClientException', sign(p, '{}', { id: 'AKIDNOBODY' })],
    ['UnrecognizedClientException', sign(p, '{}', { id: 'AKIDTWO', secret: 'canary-secret-two' })],
    ['UnrecognizedClientException', sign(p, '{}', { id: 'AKIDTWO', secret: 'canary-secret-two', token: 'another' })],
    [wrong, sign(p, '{}', { secret: 'canary-secret-two' })], [wrong, sign(p, '{}'), '{ }'],
    [wrong, sign(p, '{}', { service: 'dynamodb' })], [wrong, sign(p, '{}', { at: Date.now() - 6 * 60000 })],
    [wrong, sign(p, '{}', { at: Date.now() + 6 * 60000 })],
    [wrong, { ...sign(p, '{}'), 'x-amz-target': 'AWSStepFunctions.ListActivities' }]])
    is([expected, ...(await ask(headers, body))], [expected, 400, expected]);
  is(await bad({ authorization: sign(p, '{}').authorization.replace(/.$/, (c) => (c === '0' ? '1' : '0')) }), [400, wrong]);
  const late = await server.raw('POST', '/', sign(p, '{}', { at: Date.now() - 3600000 }), '{}');
  is(/^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/
    .test(JSON.parse(late.body).message), true);
  // stand-ins behind the same door, in their own words
  is((await ask(sign(p, '{}', { service: 'dynamodb', target: 'DynamoDB_20120810.ListTables' })))[0], 200);
  is(await ask({ ...sign(p, '{}', { service: 'dynamodb', target: 'DynamoDB_20120810.ListTables', secret: 'x' }) }), [400, wrong]);
  const s3 = await server.raw('GET', '/bucket/key', { authorization: sign(p, '', { service: 's3', secret: 'x' }).authorization,
    'x-amz-date': stampOf(Date.now()) });
  is([s3.status, /<Code>SignatureDoesNotMatch<\/Code>/.test(s3.body)], [403, true]);
  is((await server.raw('GET', '/healthz', {})).status, 200);
  // the engine's own calls are let in: a machine starts another
  const call = async (operation, parameters) => {
    const body = show(parameters);
    return JSON.parse((await server.raw('POST', '/', sign(p, body, { target: `AWSStepFunctions.${operation}` }), body)).body);
  };
  const inner = await call('CreateStateMachine', { name: 'inner', definition: PASS, roleArn: ROLE });
  const outer = await call('CreateStateMachine', { name: 'outer', roleArn: ROLE, definition: show({ StartAt: 'T', States: {
    T: { Type: 'Task', Resource: 'arn:aws:states:::aws-sdk:sfn:describeStateMachine',
      Parameters: { StateMachineArn: inner.stateMachineArn }, OutputPath: '$.Name', End: true } } }) });
  const { executionArn } = await call('StartExecution', { stateMachineArn: outer.stateMachineArn, input: '"canary-input"' });
  let d;
  await until(async () => (d = await call('DescribeExecution', { executionArn })).status !== 'RUNNING');
  is([d.status, d.output], ['SUCCEEDED', '"inner"']);
  is(await server.close(), 0);
  is([/canary/.test(server.errors), /StartExecution: 200 in /.test(server.errors)], [false, true]);
});

await test('without keys it does not begin', async (folder) => {
  const run = (...more) => spawnSync(program, ['serve', '--port', '0', '--db', join(folder, 'a.db'), ...more],
    { encoding: 'utf8', timeout: 20000, env: { PATH: process.env.PATH, HOME: folder } });
  writeFileSync(join(folder, 'empty'), '[a]\nregion = x\n');
  for (const more of [['--require-signature'], ['--keys', join(folder, 'empty')], ['--keys', join(folder, 'none')],
    ['--listen', '0.0.0.0'], ['--listen', '127.0.0.1:8083'], ['--listen', '127.example.com'], ['--log-format', 'xml'], ['--log-level', 'loud'], ['--listen', `unix:${'x'.repeat(200)}`]]) {
    const { status, stderr } = run(...more);
    is([more, status, stderr.length > 20], [more, 2, true]);
  }
});

// ---- a Unix socket ----

const overSocket = (socketPath, parameters = {}) => new Promise((resolve, reject) => {
  const r = request({ socketPath, method: 'POST', path: '/', headers: { Host: 'localhost',
    'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AWSStepFunctions.ListStateMachines' } }, (answer) => {
    answer.resume().on('end', () => resolve(answer.statusCode));
  });
  r.on('error', reject).end(show(parameters));
});

function begin(folder, options, env = {}) {
  const p = spawn(program, ['serve', '--db', join(folder, 'a.db'), ...options],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  p.errors = '';
  p.ended = new Promise((resolve) => p.on('exit', (code, signal) => resolve(code ?? signal)));
  p.ready = new Promise((resolve, reject) => {
    p.stderr.on('data', (data) => { p.errors += data; if (/serving/.test(p.errors)) resolve(); });
    p.on('exit', () => reject(new Error(p.errors)));
  });
  return p;
}

await test('a Unix socket', async (folder) => {
  const path = join(folder, 'api.socket'), listen = ['--listen', `unix:${path}`];
  let p = begin(folder, listen);
  await p.ready;
  is([await overSocket(path), (statSync(path).mode & 0o777).toString(8)], [200, '600']);
  const second = spawnSync(program, ['serve', '--db', join(folder, 'b.db'), ...listen], { encoding: 'utf8' });
  is([second.status, /another process listens there/.test(second.stderr)], [2, true]);
  is(await overSocket(path), 200);
  p.kill('SIGKILL'); // leaves the socket behind
  await p.ended;
  is(existsSync(path), true);
  p = begin(folder, listen);
  await p.ready;
  is(await overSocket(path), 200);
  p.kill();
  is([await p.ended, existsSync(path)], [0, false]);
  writeFileSync(path, 'mine');
  const file = spawnSync(program, ['serve', '--db', join(folder, 'b.db'), ...listen], { encoding: 'utf8' });
  is([file.status, /a file of that name/.test(file.stderr)], [2, true]);
});

// ---- logs ----

await test('JSON logs, quiet logs', async (folder) => {
  const loud = await new Server(['--log-format', 'json', '--log-level', 'debug']);
  await loud.start();
  await loud.call('ListStateMachines', {});
  is(await loud.close(), 0);
  const lines = loud.errors.trim().split('\n').map((line) => JSON.parse(line));
  is([...new Set(lines.flatMap((l) => Object.keys(l)))], ['time', 'level', 'message']);
  is(lines.some((l) => l.level === 'debug' && /^ListStateMachines: 200 in [\d.]+ ms, request /.test(l.message)), true);
  const p = spawn(program, ['serve', '--listen', `unix:${join(folder, 'q.socket')}`, '--db', join(folder, 'q.db'), '--log-level', 'error'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  p.stderr.on('data', (data) => { errors += data; });
  await until(() => existsSync(join(folder, 'q.socket')));
  const ended = new Promise((resolve) => p.on('exit', resolve));
  p.kill();
  await ended;
  is(errors, '');
});

// ---- the service manager, and the end ----

await test('what systemd is told', async (folder) => {
  const path = join(folder, 'notify');
  const python = spawn('python3', ['-c', `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1]); print('bound',flush=True)
while True: print(s.recv(99).decode(),flush=True)`, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  python.stdout.on('data', (data) => { told += data; });
  await until(() => told);
  const p = begin(folder, ['--port', '0', '--time', 'x100'], { NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' });
  await p.ready;
  const from = Date.now();
  await until(() => told.split('WATCHDOG').length >= 5, () => told);
  const most = (Date.now() - from) / 100 + 3; // in real time, whatever the clock of the executions: seldomer on a slow machine
  p.kill();
  is(await p.ended, 0);
  await until(() => told.includes('STOPPING'), () => told);
  python.kill();
  const words = told.trim().split('\n');
  is([words[1], words.at(-1)], ['READY=1', 'STOPPING=1']);
  const alive = words.filter((w) => w === 'WATCHDOG=1').length;
  is(alive >= 4 && alive <= most, true);
});

const isRefused = (port) => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1');
  socket.on('connect', () => { socket.destroy(); resolve(false); }).on('error', () => resolve(true));
});

// How long it took to end, in ms.
async function endTwice() {
  const server = await new Server().start();
  const { body } = await server.call('CreateStateMachine', { name: 'w', type: 'EXPRESS', roleArn: ROLE,
    definition: show({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 200, End: true } } }) });
  server.call('StartSyncExecution', { stateMachineArn: body.stateMachineArn }).catch(() => {});
  for (let i = 0; i < 2; i++) await server.call('ListStateMachines', {}); // behind it: it is waiting there
  server.process.kill();
  await until(() => isRefused(server.port));
  is(server.process.exitCode, null); // it waits for the answer
  const from = performance.now();
  is(await server.stop(), 0);
  return performance.now() - from;
}

await test('a second signal ends it at once', async () => {
  let took = Infinity; // at the latest after 10 s it ends by itself, and so it seems where the machine stalls: not always
  for (let i = 0; i < 5 && took > 8000; i++) took = await endTwice();
  is(took < 8000, true);
});

tally.close();
