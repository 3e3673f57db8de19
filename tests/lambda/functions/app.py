def handler(event, context):
    print("hello from python")
    if event.get("fail"):
        raise ValueError("bad value")
    if event.get("set"):
        return {1, 2}
    return {"got": event, "name": context.function_name, "text": "é"}
