// What happened to executions, told to CloudWatch Logs and EventBridge: every level, in order, over
// refusals and kill -9 at least once, and nothing waits for it.
import { Peer } from './peer.mjs';
import { REGION, Server, Tally } from './client.mjs';

const tally = new Tally('deliveries');
const ROLE = 'arn:aws:iam::123456789012:role/r';
const show = (v) => JSON.stringify(v);
function is(given, expected) {
  if (show(given) !== show(expected)) throw new Error(`${show(given)}, not ${show(expected)}`);
}
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(what, ...why) {
  for (let i = 0; i < 6000; i++) {
    if (await what()) return;
    await sleep(20);
  }
  throw new Error(`does not come: ${why.map((w) => (typeof w === 'function' ? show(w()) : w))}`);
}

async function test(name, options, body) {
  const peer = await new Peer().start();
  const server = new Server([...peer.routes, ...options]);
  try {
    await server.start();
    await body(server, peer);
    is(await server.close(), 0);
    tally.pass();
  } catch (error) {
    server.process?.kill('SIGKILL');
    tally.fail(name, `${error.stack ?? error}\n${server.errors}`);
  }
  await peer.close();
}

const GROUP = '/aws/vendedlogs/states/g';
const logging = (level, includeExecutionData = true, group = GROUP) => ({ level, includeExecutionData,
  destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: `arn:aws:logs:${REGION}:123456789012:log-group:${group}:*` } }] });
const asl = (states) => JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
const PASS = asl({ P: { Type: 'Pass', Result: { x: 1 }, End: true } });
const FAIL = asl({ P: { Type: 'Pass', Next: 'F' }, F: { Type: 'Fail', Error: 'E', Cause: 'C' } });
const WAIT = asl({ W: { Type: 'Wait', Seconds: 3600, End: true } });

async function machine(server, name, definition, more = {}) {
  const { status, body } = await server.call('CreateStateMachine', { name, definition, roleArn: ROLE, ...more });
  is([status, body.message], [200, undefined]);
  return body.stateMachineArn;
}
const start = async (server, stateMachineArn, more = {}) =>
  (await server.call('StartExecution', { stateMachineArn, ...more })).body.executionArn;

await test('levels', [], async (server, peer) => {
  peer.createGroup(GROUP);
  const ids = [];
  for (const [level, data, definition, expected] of [
    ['ALL', true, FAIL, ['ExecutionStarted', 'PassStateEntered', 'PassStateExited', 'FailStateEntered', 'ExecutionFailed']],
    ['ERROR', false, FAIL, ['FailStateEntered', 'ExecutionFailed']],
    ['FATAL', true, FAIL, ['ExecutionFailed']], ['FATAL', true, PASS, []], ['OFF', true, FAIL, []],
    // its records come behind any of the two before
    ['ALL', false, PASS, ['ExecutionStarted', 'PassStateEntered', 'PassStateExited', 'ExecutionSucceeded']]]) {
    const m = await machine(server, `m${ids.length}`, definition, { loggingConfiguration: logging(level, data) });
    const arn = await start(server, m, { input: '{"secret": "no"}' });
    ids.push(arn);
    const mine = () => peer.logged(GROUP).filter((r) => r.execution_arn === arn);
    await until(() => mine().length >= expected.length, level, mine);
    is(mine().map((r) => r.type), expected);
    is(mine().some((r) => 'input' in r.details || 'output' in r.details), data && level === 'ALL');
    if (level === 'ALL' && data) {
      const { event_timestamp, ...first } = mine()[0];
      is(first, { id: '1', type: 'ExecutionStarted', details: { input: '{"secret": "no"}',
        inputDetails: { truncated: false }, roleArn: ROLE }, previous_event_id: '0', execution_arn: arn, redrive_count: '0' });
      is(/^\d{13}$/.test(event_timestamp), true);
    }
  }
  is(peer.logged(GROUP).filter((r) => [ids[3], ids[4]].includes(r.execution_arn)), []);
  for (const stream of peer.groups.get(GROUP).keys())
    is(/^states\/m\d\/\d{4}-\d\d-\d\d-\d\d-\d\d\/[0-9a-f]{8}$/.test(stream), true);
});

await test('express executions, an update, a large payload', [], async (server, peer) => {
  peer.createGroup(GROUP);
  const m = await machine(server, 'e', PASS, { type: 'EXPRESS', loggingConfiguration: logging('ALL') });
  await server.call('StartSyncExecution', { stateMachineArn: m });
  await start(server, m);
  await until(() => peer.logged(GROUP).length === 8, () => peer.logged(GROUP));
  is(peer.logged(GROUP)[0].execution_arn.includes(':express:e:'), true);
  const big = await machine(server, 'big', PASS);
  await server.call('UpdateStateMachine', { stateMachineArn: big, loggingConfiguration: logging('ALL') });
  const input = show('"'.repeat(130000));
  const arn = await start(server, big, { input });
  const mine = () => peer.logged(GROUP).filter((r) => r.execution_arn === arn);
  await until(() => mine().length === 4, mine);
  await until(() => peer.events.some((e) => e.Resources[0] === arn), () => peer.events);
  is(peer.events.filter((e) => e.Resources[0].includes(':express:')), []); // EXPRESS executions have none
  const { details } = mine()[0];
  is([details.inputDetails.truncated, input.startsWith(details.input)], [true, true]);
  is([show(details.input).length <= 248 * 1024, show(details.input).length > 247 * 1024], [true, true]);
});

await test('status changes', [], async (server, peer) => {
  const m = await machine(server, 's', FAIL);
  const arn = await start(server, m, { input: '{"a": 1}', name: 'n' });
  await until(() => peer.events.length === 2, () => peer.events);
  const [one, two] = peer.events.map((e) => JSON.parse(e.Detail));
  is(peer.events.map((e) => [e.Source, e.DetailType, e.Resources]),
    Array(2).fill(['aws.states', 'Step Functions Execution Status Change', [arn]]));
  const { startDate } = one;
  is(Math.abs(startDate - Date.now()) < 60000, true);
  const shared = { executionArn: arn, stateMachineArn: m, name: 'n' };
  const versions = { stateMachineVersionArn: null, stateMachineAliasArn: null, redriveCount: 0, redriveDate: null };
  is(one, { ...shared, status: 'RUNNING', startDate, stopDate: null, input: '{"a": 1}', output: null,
    inputDetails: { included: true }, outputDetails: null, error: null, cause: null, ...versions,
    redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: 'Execution is RUNNING and cannot be redriven' });
  is(two, { ...shared, status: 'FAILED', startDate, stopDate: two.stopDate, input: '{"a": 1}', output: null,
    inputDetails: { included: true }, outputDetails: null, error: 'E', cause: 'C', ...versions,
    redriveStatus: 'REDRIVABLE', redriveStatusReason: null });
  const { redriveDate } = (await server.call('RedriveExecution', { executionArn: arn })).body;
  await until(() => peer.events.length === 4, () => peer.events);
  const [three, four] = peer.events.slice(2).map((e) => JSON.parse(e.Detail));
  is([three.status, three.redriveCount, four.status, four.redriveCount], ['RUNNING', 1, 'FAILED', 1]);
  is(Math.abs(three.redriveDate - redriveDate * 1000) < 2, true);
});

await test('a destination that is down, over kill -9', [], async (server, peer) => {
  peer.createGroup(GROUP);
  peer.refuse = () => true;
  const m = await machine(server, 'down', WAIT, { loggingConfiguration: logging('ALL') });
  const arns = [];
  for (let i = 0; i < 20; i++) arns.push(await start(server, m));
  await Promise.all(arns.slice(0, 10).map((executionArn) => server.call('StopExecution', { executionArn })));
  is((await server.call('DescribeExecution', { executionArn: arns[0] })).body.status, 'ABORTED');
  await server.stop('SIGKILL');
  peer.refuse = null;
  await server.start();
  await Promise.all(arns.slice(10).map((executionArn) => server.call('StopExecution', { executionArn })));
  const types = (arn) => [...new Set(peer.logged(GROUP).filter((r) => r.execution_arn === arn).map((r) => r.type))];
  const all = ['ExecutionStarted', 'WaitStateEntered', 'WaitStateAborted', 'ExecutionAborted'];
  await until(() => arns.every((arn) => types(arn).length >= 3), () => arns.map(types));
  for (const arn of arns) is(types(arn), all.filter((t) => types(arn).includes(t)));
  const statuses = (arn) => [...new Set(peer.events.filter((e) => e.Resources[0] === arn)
    .map((e) => JSON.parse(e.Detail).status))];
  await until(() => arns.every((arn) => statuses(arn).length === 2), () => arns.map(statuses));
  for (const arn of arns) is(statuses(arn), ['RUNNING', 'ABORTED']);
  const metric = async () => (await server.raw('GET', '/metrics', {})).body;
  await until(async () => /deliveries_waiting\{to="logs"\} 0/.test(await metric()), metric);
});

await test('what is refused for good is dropped, what hangs keeps nobody', [], async (server, peer) => {
  const m = await machine(server, 'gone', PASS, { loggingConfiguration: logging('ALL') });
  await start(server, m); // the group does not exist
  const metric = async () => (await server.raw('GET', '/metrics', {})).body;
  await until(async () => /deliveries_total\{to="logs",result="dropped"\} 4/.test(await metric()), metric);
  is(/delivery of logs: .*log group does not exist/.test(server.errors), true);
  let release;
  peer.hold = new Promise((resolve) => { release = resolve; });
  const arns = await Promise.all(Array.from({ length: 200 }, () => start(server, m)));
  const { body } = await server.call('DescribeExecution', { executionArn: arns[199] });
  is(['RUNNING', 'SUCCEEDED'].includes(body.status), true);
  await until(async () => (await server.call('ListExecutions',
    { stateMachineArn: m, statusFilter: 'SUCCEEDED', maxResults: 1000 })).body.executions.length === 201);
  release();
  await until(() => peer.events.length >= 402, () => peer.events.length);
});

tally.close();
