// Deploys the machine, starts it, waits for its end and prints it: start.mjs ENDPOINT DEFINITION INPUT
import { readFileSync } from 'node:fs';
const [endpoint, definition, input] = process.argv.slice(2);

async function call(action, parameters) {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `AWSStepFunctions.${action}` },
    body: JSON.stringify(parameters),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${action}: ${body.message}`);
  return body;
}

const { stateMachineArn } = await call('CreateStateMachine', {
  name: 'order', roleArn: 'arn:aws:iam::123456789012:role/order', definition: readFileSync(definition, 'utf8'),
});
const { executionArn } = await call('StartExecution', { stateMachineArn, input });
for (;;) {
  const { status, output, error, cause } = await call('DescribeExecution', { executionArn });
  if (status !== 'RUNNING') {
    console.log(status, output ?? `${error}: ${cause}`);
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
}
