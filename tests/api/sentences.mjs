// Sentences of AWS's API reference and knowledge center, each held against the server as a client sees it; in
// virtual time, so that a Wait costs nothing.
import { ACCOUNT, Server, Tally } from './client.mjs';

const tally = new Tally('sentences');
const json = JSON.stringify;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/sfn`;
const is = (what, given, expected) => (json(given) === json(expected) ? tally.pass() : tally.fail(what, `${json(given)}, not ${json(expected)}`));
const define = (States) => json({ StartAt: Object.keys(States)[0], States });
const server = await new Server(['--time', 'skip']).start();

async function call(operation, parameters, headers = {}) {
  const answer = await server.raw('POST', '/', { 'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': `AWSStepFunctions.${operation}`, ...headers }, json(parameters));
  const body = JSON.parse(answer.body);
  return answer.status === 200 ? body : `${body.__type}: ${body.message}`;
}
const create = async (name, definition, more = {}) => (await call('CreateStateMachine', { name, definition, roleArn: ROLE, ...more })).stateMachineArn;
async function ended(executionArn) {
  for (;;) {
    const d = await call('DescribeExecution', { executionArn });
    if (d.status !== 'RUNNING') return d;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}
const types = async (executionArn) => (await call('GetExecutionHistory', { executionArn })).events.map((e) => e.type);

// ---- X-Amzn-Trace-Id: "If both sources are provided, Step Functions will use the header value" ----
{
  const stateMachineArn = await create('traced', define({ P: { Type: 'Pass', End: true } }));
  const express = await create('traced-express', define({ P: { Type: 'Pass', End: true } }), { type: 'EXPRESS' });
  const traced = async (name, traceHeader, header) => {
    const headers = header === undefined ? {} : { 'X-Amzn-Trace-Id': header };
    const { executionArn } = await call('StartExecution', { stateMachineArn, name, traceHeader }, headers);
    const sync = await call('StartSyncExecution', { stateMachineArn: express, traceHeader }, headers);
    return [(await ended(executionArn)).traceHeader, sync.traceHeader];
  };
  is('a trace in the body', await traced('a', 'Root=1-b'), ['Root=1-b', 'Root=1-b']);
  is('a trace in the head', await traced('b', undefined, 'Root=1-h'), ['Root=1-h', 'Root=1-h']);
  is('the head before the body', await traced('c', 'Root=1-b', 'Root=1-h'), ['Root=1-h', 'Root=1-h']);
  is('a head that is no trace', await traced('d', 'Root=1-b', 'x'.repeat(257)), ['Root=1-b', 'Root=1-b']);
  is('operations without a trace', (await call('ListStateMachines', {}, { 'X-Amzn-Trace-Id': 'Root=1-h' })).stateMachines.length, 2);
}

// ---- DeleteStateMachine: "On the next state transition, the state machine's executions are terminated." ----
// "executions fail with ...: States.Runtime, State machine testing-delete has been deleted."
{
  const ACTIVITY = (await call('CreateActivity', { name: 'work' })).activityArn;
  const cause = (name) => `State machine ${name} has been deleted.`;
  // Each waits for the activity; when it is done, the machine is being deleted.
  async function deleted(name, definition) {
    const stateMachineArn = await create(name, definition);
    const { executionArn } = await call('StartExecution', { stateMachineArn, name: 'x' });
    const { taskToken } = await call('GetActivityTask', { activityArn: ACTIVITY });
    await call('DeleteStateMachine', { stateMachineArn });
    const now = (await call('DescribeStateMachine', { stateMachineArn })).status;
    await call('SendTaskSuccess', { taskToken, output: '{}' });
    const d = await ended(executionArn);
    const h = await types(executionArn);
    return [now, d.status, d.error, d.cause, h.at(-2), h.at(-1),
      (await call('DescribeStateMachine', { stateMachineArn })).split(':')[0]];
  }
  const task = { Type: 'Task', Resource: ACTIVITY }, catches = [{ ErrorEquals: ['States.ALL'], Next: 'Z' }], retries = [{ ErrorEquals: ['States.ALL'] }];
  is('the next state is not entered', await deleted('going', define({ A: { ...task, Next: 'Z', Catch: catches, Retry: retries }, Z: { Type: 'Succeed' } })),
    ['DELETING', 'FAILED', 'States.Runtime', cause('going'), 'TaskStateExited', 'ExecutionFailed', 'StateMachineDoesNotExist']);
  is('without a next state it ends as it would', await deleted('last', define({ A: { ...task, End: true } })),
    ['DELETING', 'SUCCEEDED', undefined, undefined, 'TaskStateExited', 'ExecutionSucceeded', 'StateMachineDoesNotExist']);
  is('nor one in a branch, whose Parallel would catch', await deleted('branches', define({ P: { Type: 'Parallel', Next: 'Z', Catch: catches,
    Branches: [{ StartAt: 'A', States: { A: { ...task, Next: 'B' }, B: { Type: 'Pass', End: true } } },
      { StartAt: 'W', States: { W: { Type: 'Task', Resource: `${ACTIVITY}`, End: true } } }] }, Z: { Type: 'Succeed' } })),
  ['DELETING', 'FAILED', 'States.Runtime', cause('branches'), 'TaskStateExited', 'ExecutionFailed', 'StateMachineDoesNotExist']);

  // Over a kill: the machine is still being deleted then.
  const stateMachineArn = await create('killed', define({ A: { ...task, Next: 'Z' }, Z: { Type: 'Succeed' } }));
  const { executionArn } = await call('StartExecution', { stateMachineArn, name: 'x' });
  let taskToken;
  while (!taskToken) ({ taskToken } = await call('GetActivityTask', { activityArn: ACTIVITY }));
  await call('DeleteStateMachine', { stateMachineArn });
  await server.stop('SIGKILL');
  await server.start();
  await call('SendTaskSuccess', { taskToken, output: '{}' });
  const d = await ended(executionArn);
  is('over a kill', [d.status, d.cause], ['FAILED', cause('killed')]);
}

// ---- input, output: "Length constraints apply to the payload size, and are expressed as bytes in UTF-8 encoding." ----
{
  const FITS = `"${'\u00fc'.repeat(131071)}"`, MORE = `"${'\u00fc'.repeat(131072)}"`;
  const refusal = (member) => `ValidationException: 1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to 262144`;
  const pass = define({ P: { Type: 'Pass', End: true } });
  const stateMachineArn = await create('bytes', pass), express = await create('bytes-express', pass, { type: 'EXPRESS' });
  is('StartExecution, more', await call('StartExecution', { stateMachineArn, input: MORE }), refusal('input'));
  is('StartExecution, as much', typeof (await call('StartExecution', { stateMachineArn, input: FITS })), 'object');
  is('StartSyncExecution', await call('StartSyncExecution', { stateMachineArn: express, input: MORE }), refusal('input'));
  is('SendTaskSuccess', await call('SendTaskSuccess', { taskToken: 't', output: MORE }), refusal('output'));
  is('TestState', await call('TestState', { definition: json({ Type: 'Pass', End: true }), input: MORE }), refusal('input'));
}

// ---- TestState ----
{
  const definition = json({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Parameters: { FunctionName: 'f' }, End: true });
  const wait = json({ Type: 'Wait', Seconds: 1, End: true });
  // context: "This field may only be specified if a mock is specified in the same request."
  is('a context without a mock', await call('TestState', { definition: wait, context: '{}' }), 'ValidationException: TestState does not support Context when a mock is not specified.');
  is('a context with a mock', (await call('TestState', { definition, context: '{}', mock: { result: '{}' } })).status, 'SUCCEEDED');
  // error: "This field is required if mock.errorOutput is specified."
  is('a mocked cause alone', await call('TestState', { definition, mock: { errorOutput: { cause: 'c' } } }), "ValidationException: The 'error' of a mock's errorOutput must be specified");
}

// ---- tags: a key stands once ----
{
  const twice = [{ key: 'k', value: '1' }, { key: 'l', value: '2' }, { key: 'k', value: '3' }], once = [{ key: 'k', value: '3' }, { key: 'l', value: '2' }];
  const { activityArn } = await call('CreateActivity', { name: 'twice', tags: twice });
  const machine = await create('twice', define({ P: { Type: 'Pass', End: true } }), { tags: twice });
  for (const resourceArn of [activityArn, machine]) is('a tag given twice', (await call('ListTagsForResource', { resourceArn })).tags, once);
}

await server.close();
tally.close();
