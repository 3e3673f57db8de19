// What a handler can do well and badly, by its event.
const { existsSync, writeFileSync } = require('fs');
let calls = 0;
exports.handler = async (event, context) => {
  calls++;
  console.log('called', calls);
  if (event.fail) {
    const error = new Error('no price');
    error.name = 'PriceError';
    throw error;
  }
  if (event.exit !== undefined) process.exit(event.exit);
  if (event.kill) process.kill(process.pid, 'SIGKILL');
  if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep));
  if (event.gate) writeFileSync(`${event.gate}.begun.${process.pid}`, '');
  while (event.gate && !existsSync(event.gate)) await new Promise((resolve) => setTimeout(resolve, 20));
  if (event.big) return 'x'.repeat(event.big);
  if (event.circle) { const o = {}; o.o = o; return o; }
  if (event.reject) Promise.reject(new Error('nobody waits'));
  if (event.reject) await new Promise((resolve) => setTimeout(resolve, 1000));
  return { calls, pid: process.pid, event, name: context.functionName, arn: context.invokedFunctionArn,
    left: context.getRemainingTimeInMillis() > 0, secret: process.env.AWS_SECRET_ACCESS_KEY, canary: process.env.CANARY,
    own: process.env.OWN, endpoint: !!process.env.AWS_ENDPOINT_URL };
};
exports.callback = (event, context, callback) => setTimeout(() => callback(event.error || null, 'called back'), 10);
exports.number = 7;
// Answers the task token it is given, at the endpoint it finds.
exports.answer = async ({ token }) => {
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AWSStepFunctions.SendTaskSuccess' },
    body: JSON.stringify({ taskToken: token, output: '{"answered":true}' }),
  });
  return answer.status;
};
