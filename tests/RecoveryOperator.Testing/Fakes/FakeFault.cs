using System.Text.Json.Nodes;

namespace RecoveryOperator.Testing.Fakes;

/// <summary>An answer other than success.</summary>
internal sealed class FakeFault(int code, string reason, string message) : Exception(message)
{
    public int Code { get; } = code;

    public JsonObject Status => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Status",
        ["status"] = "Failure",
        ["code"] = Code,
        ["reason"] = reason,
        ["message"] = Message,
    };

    public static FakeFault NotFound(FakeRequest request) => new(404, "NotFound", $"{request.Resource} \"{request.Name}\" not found");

    public static FakeFault Conflict(FakeRequest request) => new(409, "Conflict", $"{request.Resource} \"{request.Name}\" has been modified");

    public static FakeFault AlreadyExists(FakeRequest request) => new(409, "AlreadyExists", $"{request.Resource} \"{request.Name}\" already exists");

    public static FakeFault Gone() => new(410, "Expired", "too old resource version");
}
