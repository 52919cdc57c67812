using System.Globalization;
using System.Text.Json.Nodes;

namespace RecoveryOperator.Testing.Fakes;

/// <summary>Objects of all kinds and the log of their changes, as a real server keeps them in etcd.</summary>
internal sealed class FakeStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Resource, string Namespace, string Name), JsonObject> _objects = [];
    private readonly List<FakeChange> _log = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version = 100;

    public long Version
    {
        get
        {
            lock (_lock)
                return _version;
        }
    }

    public JsonObject? Get(FakeRequest request)
    {
        lock (_lock)
            return _objects.GetValueOrDefault(Key(request))?.DeepClone().AsObject();
    }

    public (List<JsonObject> Items, long Version) List(FakeRequest request)
    {
        lock (_lock)
        {
            var items = _objects
                .Where(o => o.Key.Resource == request.Resource && (request.Namespace is null || o.Key.Namespace == request.Namespace))
                .OrderBy(o => o.Key.Namespace, StringComparer.Ordinal).ThenBy(o => o.Key.Name, StringComparer.Ordinal)
                .Select(o => o.Value.DeepClone().AsObject());
            return ([.. items], _version);
        }
    }

    /// <summary>Changes one object; <paramref name="change"/> gets it (or null) and returns what it becomes (or null to remove it).</summary>
    /// <exception cref="FakeFault">The change is refused.</exception>
    public JsonObject Update(FakeRequest request, Func<JsonObject?, JsonObject?> change)
    {
        lock (_lock)
        {
            var before = _objects.GetValueOrDefault(Key(request));
            var after = change(before?.DeepClone().AsObject());
            if (after is null)
                return Remove(request, before ?? throw FakeFault.NotFound(request));
            if (before is not null && JsonNode.DeepEquals(before, after))
                return after;
            return Store(request, before, after);
        }
    }

    /// <summary>Changes after a version, and a task that completes at the next change.</summary>
    public (List<FakeChange> Changes, Task Next) Since(FakeRequest request, long version)
    {
        lock (_lock)
        {
            var changes = _log.Where(c => c.Version > version && c.Resource == request.Resource
                && (request.Namespace is null || c.Namespace == request.Namespace));
            return ([.. changes], _changed.Task);
        }
    }

    private JsonObject Store(FakeRequest request, JsonObject? before, JsonObject after)
    {
        var metadata = after["metadata"]!.AsObject();
        metadata["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        if (before is null)
            metadata["uid"] = Guid.NewGuid().ToString();
        var generation = before?["metadata"]?["generation"]?.GetValue<long>() ?? 0;
        metadata["generation"] = before is null || !JsonNode.DeepEquals(before["spec"], after["spec"]) ? generation + 1 : generation;
        if (metadata["deletionTimestamp"] is not null && metadata["finalizers"] is not JsonArray { Count: > 0 })
            return Remove(request, after);
        _objects[Key(request)] = after;
        Tell(request, before is null ? "ADDED" : "MODIFIED", after);
        return after.DeepClone().AsObject();
    }

    private JsonObject Remove(FakeRequest request, JsonObject last)
    {
        _objects.Remove(Key(request));
        last["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        Tell(request, "DELETED", last);
        return last.DeepClone().AsObject();
    }

    private void Tell(FakeRequest request, string type, JsonObject state)
    {
        _log.Add(new(request.Resource, request.Namespace ?? string.Empty, _version, type, state.DeepClone().AsObject()));
        var waiting = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.SetResult();
    }

    private static (string Resource, string Namespace, string Name) Key(FakeRequest request) =>
        (request.Resource, request.Namespace ?? string.Empty, request.Name ?? string.Empty);
}

/// <summary>One change in the log.</summary>
internal sealed record FakeChange(string Resource, string Namespace, long Version, string Type, JsonObject Object);
