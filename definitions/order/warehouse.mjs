// The warehouse: reads the queue, packs, and answers each message with its task token. It knows nothing of
// Stepwell; on AWS the same calls go to SQS and Step Functions.
const [endpoint] = process.argv.slice(2);
const queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/warehouse';

async function call(target, parameters) {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': target },
    body: JSON.stringify(parameters),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${target}: ${body.message}`);
  return body;
}

for (;;) {
  const { Messages = [] } = await call('AmazonSQS.ReceiveMessage', { QueueUrl: queue, WaitTimeSeconds: 20 });
  for (const { Body, ReceiptHandle } of Messages) {
    const { order, token } = JSON.parse(Body);
    await call('AWSStepFunctions.SendTaskSuccess', { taskToken: token, output: JSON.stringify({ parcel: `P-${order}` }) });
    await call('AmazonSQS.DeleteMessage', { QueueUrl: queue, ReceiptHandle });
  }
}
