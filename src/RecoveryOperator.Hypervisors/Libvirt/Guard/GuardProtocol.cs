using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecoveryOperator.Hypervisors.Libvirt.Guard;

/// <summary>What the agent tells the guard (docs/engine.md, "The guard").</summary>
internal enum GuardOrderKind
{
    /// <summary>The agent lives.</summary>
    Beat,

    /// <summary>First: how to work.</summary>
    Hello,

    /// <summary>A snapshot is about to be begun; answered.</summary>
    Watch,

    /// <summary>Its job is gone.</summary>
    Forget,

    /// <summary>The agent could not end it.</summary>
    End,
}

/// <summary>One order, a line of JSON.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Token">The snapshot that it is about.</param>
/// <param name="Settings">With Hello.</param>
/// <param name="Snapshot">With Watch.</param>
internal sealed record GuardOrder(GuardOrderKind Kind, string? Token = null, GuardSettings? Settings = null, GuardedSnapshot? Snapshot = null)
{
    public string Write() => JsonSerializer.Serialize(this, GuardJson.Options);

    /// <summary>Reads a line.</summary>
    /// <exception cref="JsonException">It is no order.</exception>
    public static GuardOrder? Read(string line)
    {
        var order = JsonSerializer.Deserialize<GuardOrder>(line, GuardJson.Options);
        return order?.Snapshot?.Files.Contains(null!) == true ? throw new JsonException("a scratch file of a snapshot is null.") : order;
    }
}

/// <summary>How a guard works.</summary>
/// <param name="Uri">libvirt's connection URI.</param>
/// <param name="ScratchDirectory">Whose free space is watched.</param>
/// <param name="RuntimeDirectory">Where notes for the next start are left.</param>
/// <param name="StuckAfter">Without an order for so long the agent counts as stuck.</param>
/// <param name="AgentProcessId">The agent.</param>
internal sealed record GuardSettings(string Uri, string ScratchDirectory, string RuntimeDirectory, TimeSpan StuckAfter, int AgentProcessId);

/// <summary>A snapshot as the guard knows it.</summary>
/// <param name="Token">Its token, new for each.</param>
/// <param name="MachineId">The machine.</param>
/// <param name="Owner">The protection.</param>
/// <param name="Socket">Socket of its job.</param>
/// <param name="Files">Its scratch files.</param>
/// <param name="MostBytes">Most that they can grow to.</param>
/// <param name="ReserveBytes">Most that is looked ahead.</param>
internal sealed record GuardedSnapshot(
    string Token, string MachineId, string Owner, string Socket, IReadOnlyList<string> Files, long MostBytes, long ReserveBytes);

/// <summary>What the guard tells the agent.</summary>
/// <param name="Token">The snapshot.</param>
/// <param name="Watched">The answer to Watch.</param>
/// <param name="Ended">Why the guard ended it; null otherwise.</param>
internal sealed record GuardReport(string Token, bool Watched, string? Ended = null)
{
    public string Write() => JsonSerializer.Serialize(this, GuardJson.Options);

    /// <summary>Reads a line.</summary>
    /// <exception cref="JsonException">It is no report.</exception>
    public static GuardReport? Read(string line) => JsonSerializer.Deserialize<GuardReport>(line, GuardJson.Options);
}

/// <summary>What a guard did for an agent that was gone; lies beside the sockets until the next clean-up.</summary>
/// <param name="At">When.</param>
/// <param name="Why">Why it had to.</param>
/// <param name="GuestResumed">Whether the guest had been paused.</param>
internal sealed record GuardNote(DateTimeOffset At, string Why, bool GuestResumed)
{
    /// <summary>Where it lies; removed with everything else that begins like this.</summary>
    public static string Path(string runtimeDirectory, string owner, string machineId) =>
        System.IO.Path.Combine(runtimeDirectory, $"{LibvirtNames.SocketPrefix(owner, machineId)}guard.json");

    public string Write() => JsonSerializer.Serialize(this, GuardJson.Options);

    /// <summary>Null where there is none, or where it was cut off by a crash.</summary>
    public static GuardNote? Read(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<GuardNote>(File.ReadAllText(path), GuardJson.Options);
        }
        catch (JsonException)
        {
            return null; // Half a note says no more than that there was a guard: the clean-up that reads it looks for itself.
        }
    }
}

internal static class GuardJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };
}
