// Slow clients by the thousand: heads that come byte by byte, bodies that do, and clients that ask for a
// long answer and never read it, for a minute. Meanwhile honest clients, in a process of their own, must
// not notice, the server's memory must stay bounded, and in the end every slow one must have been cut.
//
//     SLOW_CLIENTS=1000 SLOW_SECONDS=60 node tests/api/slow.mjs      (the whole; make test takes a short form)
//
// Deadlines: 30 s for a whole request in and for a whole answer out, 75 s idle. A run of less than 30 s
// cannot see the cutting; that one is in tests/engine/test_http_in.c, with shorter deadlines.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Server, Tally } from './client.mjs';

const EACH = Number(process.env.SLOW_CLIENTS ?? 150), SECONDS = Number(process.env.SLOW_SECONDS ?? 4);
const PREFIX = 'arn:aws:states:us-east-1:123456789012:';
const define = (states) => JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The honest: 8 connections, kept alive, one StartExecution after the other; each one's time in ms.
async function behave(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 }), times = [];
  let stop = false, failed = 0;
  process.on('message', () => { stop = true; });
  const start = () => new Promise((resolve) => {
    const begin = performance.now();
    const done = (fine) => {
      times.push(performance.now() - begin);
      if (!fine) failed++;
      resolve();
    };
    const r = request({ host: '127.0.0.1', port, agent, method: 'POST', path: '/', headers: {
      'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AWSStepFunctions.StartExecution' } },
    (answer) => answer.resume().on('end', () => done(answer.statusCode === 200)));
    r.on('error', () => done(false));
    r.end(JSON.stringify({ stateMachineArn: `${PREFIX}stateMachine:quick` }));
  });
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (!stop) {
      await start();
      await sleep(20);
    }
  }));
  times.sort((a, b) => a - b);
  process.send({ calls: times.length, failed, p99: times[Math.floor(times.length * 0.99)] });
  process.disconnect();
}

async function attack() {
  const tally = new Tally('slow');
  const is = (what, fine, told) => fine ? tally.pass() : tally.fail(what, told);
  const server = await new Server().start();
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`))[1]) / 1024;
  const wide = { type: 'Pass', text: 'x'.repeat(60000) };
  await server.call('CreateStateMachine', { name: 'quick', roleArn: 'arn:aws:iam::123456789012:role/r',
    definition: define({ P: { Type: 'Pass', End: true } }) });
  await server.call('CreateStateMachine', { name: 'wide', roleArn: 'arn:aws:iam::123456789012:role/r',
    definition: define(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`P${i}`,
      { Type: 'Pass', ...(i < 39 ? { Next: `P${i + 1}` } : { End: true }) }]))) });
  const { body: { executionArn } } = await server.call('StartExecution',
    { stateMachineArn: `${PREFIX}stateMachine:wide`, input: JSON.stringify(wide) });
  const { body: { events } } = await server.call('GetExecutionHistory', { executionArn, maxResults: 1000 });
  const head = (length) => 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n' +
    `X-Amz-Target: AWSStepFunctions.GetExecutionHistory\r\nContent-Length: ${length}\r\n\r\n`;
  const ask = JSON.stringify({ executionArn, maxResults: 1000 });

  const honest = fork(fileURLToPath(import.meta.url), ['honest', String(server.port)]);
  await sleep(500);
  const before = resident();
  let peak = before, open = 0;
  const timers = [];
  const slow = (first, drop, reads) => {
    const socket = connect(server.port, '127.0.0.1');
    open++;
    socket.on('error', () => {});
    socket.on('close', () => { open--; });
    socket.write(first);
    if (reads) socket.resume();
    else socket.pause();
    if (drop) timers.push(setInterval(() => socket.writable && socket.write(drop), 500));
    return socket;
  };
  const sockets = [];
  for (let i = 0; i < EACH; i++) {
    sockets.push(slow('POST / HTTP/1.1\r\nHost: localhost\r\nX-', 'a', true));
    sockets.push(slow(head(1000000) + 'x'.repeat(8192), 'a', true));
    sockets.push(slow(head(ask.length) + ask, '', false));
    await sleep(10); // 1,000 long answers made at once are another attack
  }
  const ends = performance.now() + SECONDS * 1000;
  while (performance.now() < ends) {
    await sleep(100);
    peak = Math.max(peak, resident());
  }
  honest.send('stop');
  const { calls, failed, p99 } = await new Promise((resolve) => honest.on('message', resolve));
  // A paused socket does not see that it was cut before it reads.
  for (const socket of sockets) socket.resume();
  for (let i = 0; i < 200 && open > 0 && SECONDS > 35; i++) await sleep(100); // what the kernel kept for it comes first
  console.log(`${3 * EACH} slow clients for ${SECONDS} s, a long answer has ${(JSON.stringify(events).length / 1e6).toFixed(1)} MB: ` +
    `${calls} honest calls, p99 ${p99.toFixed(1)} ms; memory ${before.toFixed(1)} MB, at most ${peak.toFixed(1)} MB; ${open} still connected`);
  is('honest clients', failed === 0 && calls > 8, `${failed} of ${calls} failed`);
  if (!process.env.STEPWELL?.includes('asan')) is('memory', peak - before < 64, `grew by ${peak - before} MB`);
  if (SECONDS > 35) is('their p99', p99 < 100, `${p99} ms`); // a figure of a quiet machine only
  if (SECONDS > 35) is('the cut', open === 0, `${open} are still connected after ${SECONDS} s`);
  for (const timer of timers) clearInterval(timer);
  for (const socket of sockets) socket.destroy();
  is('a graceful end', await server.close() === 0, server.errors);
  tally.close();
}

if (process.argv[2] === 'honest') await behave(Number(process.argv[3]));
else await attack();
