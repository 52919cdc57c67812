namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>
/// Counts every effect of the engine on the world, twice (before and after), and breaks at a chosen one: as a crash (nothing works from then on) or as a
/// single failure.
/// </summary>
public sealed class FaultPoints
{
    private readonly Lock _lock = new();

    public int BreakAt { get; set; } = int.MaxValue;

    public bool IsCrash { get; set; } = true;

    public int Count { get; private set; }

    /// <summary>Told of each place, by its number and name; what it throws is the failure.</summary>
    public Action<int, string>? OnHit { get; set; }

    /// <summary>Told of each reading of the store; what it throws is the failure.</summary>
    public Action? OnLoad { get; set; }

    /// <summary>Told of each protection that is put in the store; what it throws is the failure.</summary>
    public Action? OnPut { get; set; }

    public string? BrokeAt { get; private set; }

    public bool IsCrashed { get; private set; }

    /// <summary>A new process begins: what crashed works again.</summary>
    public void Restart() => IsCrashed = false;

    public void Hit(string name)
    {
        OnHit?.Invoke(Count + 1, name);
        lock (_lock)
        {
            if (IsCrashed)
                throw new InjectedFaultException($"after the crash: {name}");
            if (++Count != BreakAt)
                return;
            BrokeAt = $"{Count}: {name}";
            IsCrashed = IsCrash;
            throw new InjectedFaultException(BrokeAt);
        }
    }

    public async Task<T> RunAsync<T>(string name, Func<Task<T>> effect)
    {
        Hit($"before {name}");
        T result = await effect();
        Hit($"after {name}");
        return result;
    }

    public Task RunAsync(string name, Func<Task> effect) => RunAsync(name, async () =>
    {
        await effect();
        return 0;
    });

    public void Run(string name, Action effect)
    {
        Hit($"before {name}");
        effect();
        Hit($"after {name}");
    }
}

public sealed class InjectedFaultException(string message) : IOException(message);
