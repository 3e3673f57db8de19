# The Lambda runtime of a Python handler, given to `python3 -c`: loads _HANDLER from LAMBDA_TASK_ROOT,
# asks the Runtime API for events, posts results. Serves: Lambda developer guide, "Using the Lambda runtime
# API"; error payloads as python3.x gives them: {errorMessage, errorType, requestId, stackTrace}.
import http.client
import importlib
import json
import os
import sys
import time
import traceback

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
ROOT = os.environ["LAMBDA_TASK_ROOT"]
HANDLER = os.environ["_HANDLER"]


class Fault(Exception):
    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


class Context:
    def __init__(self, headers):
        env = os.environ
        self.function_name = env["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = env["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = env["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = env["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.identity = None
        self.client_context = None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


def ask(connection, method, name, body=None, headers={}):
    connection.request(method, "/2018-06-01/runtime/" + name, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def describe(error, request_id):
    if isinstance(error, Fault):
        return {"errorMessage": str(error), "errorType": error.kind, "requestId": request_id, "stackTrace": []}
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename != "<string>" and "importlib" not in f.filename]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(own),
    }


def tell(connection, error, request_id):
    text = describe(error, request_id)
    print("[ERROR] %s: %s" % (text["errorType"], text["errorMessage"]), "".join(text["stackTrace"]).rstrip(), file=sys.stderr)
    name = "invocation/%s/error" % request_id if request_id else "init/error"
    ask(connection, "POST", name, json.dumps(text),
        {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": text["errorType"]})


def load():
    module, dot, name = HANDLER.rpartition(".")
    if not dot or not module:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack" % HANDLER)
    sys.path.insert(0, ROOT)
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, error))
    except SyntaxError as error:
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, error))
    if not hasattr(loaded, name):
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (name, module))
    return getattr(loaded, name)


def run(connection, handler):
    status, headers, body = ask(connection, "GET", "invocation/next")
    if status != 200:
        sys.exit(0)
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
    try:
        result = handler(json.loads(body), Context(headers))
        try:
            text = json.dumps(result, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error)
        ask(connection, "POST", "invocation/%s/response" % request_id, text, {"Content-Type": "application/json"})
    except Exception as error:
        tell(connection, error, request_id)


def main():
    connection = http.client.HTTPConnection(API)
    try:
        handler = load()
    except Exception as error:
        tell(connection, error, None)
        sys.exit(1)
    while True:
        try:
            run(connection, handler)
        except (OSError, http.client.HTTPException):  # nobody there any more
            sys.exit(0)


main()
