// nextToken: it serves a day, the question it was given for, and as it was given; in virtual time.
import { Server, Tally } from './client.mjs';

const tally = new Tally('pages');
const json = JSON.stringify;
const HOUR = 3600;
const server = await new Server(['--time', 'skip']).start();
const is = (what, given, expected) => (json(given) === json(expected) ? tally.pass() : tally.fail(what, `${json(given)}, not ${json(expected)}`));
const call = async (operation, parameters) => {
  const { status, body } = await server.call(operation, parameters);
  return status === 200 ? body : `${status} ${body.__type} ${body.message}`;
};
const REFUSED = "InvalidToken Invalid Token: 'Invalid token'";
const refused = (what, answer) => is(what, typeof answer === 'string' ? answer.replace(/^400 (.*#)?/, '') : answer, REFUSED);

async function machine(name, state) {
  const { stateMachineArn } = await call('CreateStateMachine', { name, roleArn: 'arn:aws:iam::123456789012:role/sfn',
    definition: json({ StartAt: 'S', States: { S: { ...state, End: true } } }) });
  return stateMachineArn;
}
async function run(stateMachineArn, parameters = {}) {
  const { executionArn } = await call('StartExecution', { stateMachineArn, ...parameters });
  for (;;) {
    const d = await call('DescribeExecution', { executionArn });
    if (d.status !== 'RUNNING') return executionArn;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

const one = await machine('one', { Type: 'Pass' });
const two = await machine('two', { Type: 'Pass' });
const sleeps = await machine('sleeps', { Type: 'Wait', SecondsPath: '$' });
const executionArn = await run(one);
for (let i = 0; i < 2; i++) await run(one);
for (let i = 0; i < 2; i++) await run(two);

const listed = { stateMachineArn: one, statusFilter: 'SUCCEEDED' };
const { nextToken } = await call('ListExecutions', { ...listed, maxResults: 1 });
const rest = await call('ListExecutions', { ...listed, nextToken });
is('the next page, of another size', rest.executions.length, 2);
is('members in another order', await call('ListExecutions', { nextToken, statusFilter: 'SUCCEEDED', stateMachineArn: one }), rest);
refused('another machine', await call('ListExecutions', { ...listed, stateMachineArn: two, nextToken }));
refused('another filter', await call('ListExecutions', { ...listed, statusFilter: 'FAILED', nextToken }));
refused('no filter', await call('ListExecutions', { stateMachineArn: one, nextToken }));
const events = await call('GetExecutionHistory', { executionArn, maxResults: 1 });
refused('another direction', await call('GetExecutionHistory', { executionArn, reverseOrder: true, nextToken: events.nextToken }));
refused('another operation', await call('ListStateMachines', { nextToken }));

// Changed: every letter; and what it says, said anew without its maker.
let served = 0;
for (let i = 0; i < nextToken.length; i++) {
  const other = nextToken[i] === 'A' ? 'B' : 'A';
  const answer = await call('ListExecutions', { ...listed, nextToken: nextToken.slice(0, i) + other + nextToken.slice(i + 1) });
  if (typeof answer !== 'string') served++;
}
is('tokens with a changed letter that were served', served, 0);
const said = Buffer.from(nextToken, 'base64').toString();
for (const text of [said.replace(/[^:]*$/, '1'), said.replace(/^2\d+/, `2${Date.now()}`), said.replace(/^2/, '1'), said.split(':').slice(0, 2).join(':'),
  `${said}\0`, '2', ':', '::', ''])
  refused(`it says ${json(text)}`, await call('ListExecutions', { ...listed, nextToken: Buffer.from(text).toString('base64') || '=' }));

// A day; the place that it holds is still there.
await run(sleeps, { input: `${23 * HOUR}` });
is('after 23 hours', await call('ListExecutions', { ...listed, nextToken }), rest);
await run(sleeps, { input: `${2 * HOUR}` });
refused('after 25 hours', await call('ListExecutions', { ...listed, nextToken }));
is('a new one', (await call('ListExecutions', { ...listed, nextToken: (await call('ListExecutions', { ...listed, maxResults: 1 })).nextToken })).executions.length, 2);

await server.close();
tally.close();
