// Nothing foreign is served. First the matrix over bare HTTP: five Hosts, four Origins, two content types.
// Then a real browser, headless Chromium, that visits foreign pages: one on another site, and one whose name
// is bound anew to the server's address while the page is open (DNS rebinding: a forwarder plays the name
// server's part, so the browser and the server see just what they would see). Each page tries everything a page can.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createForwarder, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, Tally } from './client.mjs';

const tally = new Tally('foreign');
const show = (v) => JSON.stringify(v);
const server = await new Server().start();
const PASS = show({ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });
const ROLE = 'arn:aws:iam::123456789012:role/r';
const TARGET = 'AWSStepFunctions.ListStateMachines', TYPE = 'application/x-amz-json-1.0';
const signed = (service) => ({ 'X-Amz-Date': '20260101T000000Z', Authorization:
  `AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0` });

// ---- the matrix ----

function raw(lines, body) { // node's own client would mend a missing Host
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => { text += data; });
    socket.on('close', () => resolve({ status: Number(text.slice(9, 12)), text }));
    socket.on('error', () => resolve({ status: 0, text }));
    socket.write(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
  });
}

const own = `127.0.0.1:${server.port}`;
const hosts = [[own, 'served'], [`localhost:${server.port}`, 'served'], ['evil.example', 'foreign'],
  [`rebound.example:${server.port}`, 'foreign'], [null, 'missing']];
for (const [host, is] of hosts)
  for (const origin of [null, 'null', 'http://evil.example', `http://${host ?? own}`])
    for (const type of [TYPE, 'text/plain']) {
      const fine = origin === null || origin === `http://${host ?? own}`;
      const expected = is === 'missing' ? 400 : is === 'foreign' || !fine ? 403 : type === TYPE ? 200 : 415;
      const lines = ['POST / HTTP/1.1', ...(host ? [`Host: ${host}`] : []), ...(origin ? [`Origin: ${origin}`] : []),
        `Content-Type: ${type}`, `X-Amz-Target: ${TARGET}`];
      const { status, text } = await raw(lines, '{}');
      if (status === expected && !/access-control|stateMachines/i.test(status === 200 ? '' : text)) tally.pass();
      else tally.fail(`Host ${host}, Origin ${origin}, ${type}`, `${status}, not ${expected}`);
    }

// ---- the browser ----

// Runs in the page. Everything a page may try; what it could read comes back.
async function attack(base, report) {
  const seen = [], wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const wish = JSON.stringify({ name: 'stolen', roleArn: 'arn:aws:iam::123456789012:role/r',
    definition: '{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}' });
  const look = async (what, options, path = '/') => {
    try {
      const answer = await fetch(base + path, { ...options, signal: AbortSignal.timeout(60000) });
      seen.push([what, answer.status, (await answer.text()).slice(0, 80)]);
    } catch (error) {
      seen.push([what, 0, String(error)]);
    }
  };
  await fetch(`${report}/begin`, { mode: 'no-cors' }); // a name is bound anew before it is answered
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json',
    'application/x-amz-json-1.0'];
  for (const mode of ['cors', 'no-cors', 'same-origin'])
    for (const type of types) {
      const headers = { 'Content-Type': type };
      await look(`post ${mode} ${type}`, { method: 'POST', mode, headers, body: wish });
      await look(`post ${mode} ${type} with target`, { method: 'POST', mode, body: wish,
        headers: { ...headers, 'X-Amz-Target': 'AWSStepFunctions.CreateStateMachine' } });
    }
  for (const mode of ['cors', 'no-cors', 'same-origin'])
    for (const path of ['/healthz', '/metrics', '/', '/vault/secret', '/schedules'])
      await look(`get ${mode} ${path}`, { mode }, path);
  await look('put', { method: 'PUT', mode: 'no-cors', body: 'mine' }, '/vault/secret');
  await look('put', { method: 'PUT', mode: 'cors', body: 'mine' }, '/vault/secret');
  await look('delete', { method: 'DELETE', mode: 'cors' }, '/vault/secret');
  navigator.sendBeacon(base + '/', wish);
  const load = (what, element) => new Promise((resolve) => {
    element.onload = () => resolve(seen.push([what, 200, 'loaded']));
    element.onerror = () => resolve(seen.push([what, 0, 'refused']));
    document.body.append(element);
    setTimeout(resolve, 60000);
  });
  await load('script', Object.assign(document.createElement('script'), { src: `${base}/metrics` }));
  await load('image', Object.assign(new Image(), { src: `${base}/vault/picture.png` }));
  for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const frame = Object.assign(document.createElement('iframe'), { name: `f${enctype}` });
    const form = Object.assign(document.createElement('form'), { action: `${base}/`, method: 'POST', enctype, target: frame.name });
    form.append(Object.assign(document.createElement('input'), { name: wish.slice(0, -1) + ',"x":"', value: '"}' }));
    document.body.append(frame, form);
    form.submit();
    await wait(300);
  }
  const socket = new WebSocket(`${base.replace('http', 'ws')}/`);
  await new Promise((resolve) => {
    socket.onopen = () => resolve(seen.push(['websocket', 200, 'open']));
    socket.onerror = resolve;
    setTimeout(resolve, 60000);
  });
  await fetch(report, { method: 'POST', body: JSON.stringify(seen) });
}

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try { return execFileSync('which', [name], { stdio: ['ignore', 'pipe', 'ignore'] }); } catch { return false; }
});

// One visit: the page is served at `origin`, tries `base`; resolves to what it could read.
async function visit(pages, origin, base, turned) {
  const folder = mkdtempSync(join(tmpdir(), 'stepwell-browser-'));
  let told;
  const report = new Promise((resolve) => { told = resolve; });
  pages.page = (request, answer) => {
    if (request.url === '/report') {
      let text = '';
      answer.setHeader('Access-Control-Allow-Origin', '*');
      request.on('data', (data) => { text += data; }).on('end', () => { answer.end(); told(JSON.parse(text)); });
    } else if (request.url === '/page') {
      answer.setHeader('Content-Type', 'text/html');
      answer.end(`<!doctype html><body><script>(${attack})(${show(base)}, ${show(pages.report)})</script>`);
    } else if (request.url === '/report/begin') {
      turned?.();
      answer.end();
    } else answer.writeHead(404).end();
  };
  const browser = spawn(chromium, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
    '--no-first-run', '--disable-background-networking', `--user-data-dir=${folder}`,
    '--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.2', `${origin}/page`],
  { stdio: 'ignore', detached: true });
  const patience = setTimeout(told, 240000, null);
  const seen = await report;
  clearTimeout(patience);
  const ended = new Promise((resolve) => browser.on('exit', resolve));
  process.kill(-browser.pid, 'SIGKILL');
  await ended;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return seen;
}

// `reads`: the page has the server's own origin, so it reads every answer: each must be the refusal.
function judge(what, seen, reads) {
  if (!seen) return tally.fail(what, 'the page never reported');
  for (const [way, status, text] of seen)
    // An opaque answer has status 0 and no text: the page learns nothing of it.
    if (status === 403 || (status === 0 && !(reads && /^(post|get)/.test(way)) && !/ours|stepwell/.test(text)))
      tally.pass();
    else tally.fail(`${what}: ${way}`, `${status} ${text}`);
}

if (!chromium) {
  tally.skip('the browser', 'Chromium is not installed (apt-get install chromium)');
} else {
  await server.raw('PUT', '/vault', signed('s3'));
  await server.raw('PUT', '/vault/secret', signed('s3'), 'ours');
  const pages = { page: null };
  const site = createServer((request, answer) => pages.page(request, answer));
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  const port = site.address().port;
  pages.report = `http://127.0.0.1:${port}/report`;
  judge('another site', await visit(pages, `http://evil.example:${port}`, server.url));
  judge('another site, localhost', await visit(pages, `http://evil.example:${port}`, `http://localhost:${server.port}`));

  let to = port; // where rebound.example leads: to the foreign page first, then to the server
  const sockets = new Set();
  const forwarder = createForwarder((socket) => {
    const there = connect(to, '127.0.0.1');
    sockets.add(socket);
    for (const [a, b] of [[socket, there], [there, socket]]) a.on('error', () => b.destroy()).pipe(b);
  });
  await new Promise((resolve) => forwarder.listen(server.port, '127.0.0.2', resolve));
  const rebound = `http://rebound.example:${server.port}`;
  judge('a name bound anew', await visit(pages, rebound, rebound, () => {
    to = server.port;
    for (const socket of sockets) socket.destroy(); // or the browser would go on with the old ones
  }), true);

  const { body } = await server.call('ListStateMachines', {});
  const secret = await server.raw('GET', '/vault/secret', signed('s3'));
  if (show(body) === '{"stateMachines":[]}' && secret.body === 'ours') tally.pass();
  else tally.fail('what is left', `${show(body)} ${secret.status} ${secret.body}`);
  forwarder.close();
  site.close();
  site.closeAllConnections();
}
await server.call('CreateStateMachine', { name: 'ours', roleArn: ROLE, definition: PASS });
if ((await server.call('ListStateMachines', {})).body.stateMachines?.length === 1) tally.pass();
else tally.fail('the owner', 'is not served any more');
if (await server.close() !== 0) tally.fail('the end', server.errors);
tally.close();
