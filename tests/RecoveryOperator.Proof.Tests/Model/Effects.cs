namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>What a process does to the world, one after the other; at a chosen one it dies, or the effect fails once.</summary>
internal sealed class Effects
{
    private readonly Lock _lock = new();
    private int _left = int.MaxValue;
    private bool _kills;

    /// <summary>The process is dead: nothing of it has an effect any more.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Where it broke last.</summary>
    public string? BrokeAt { get; private set; }

    /// <summary>Breaks at the n-th effect from now on.</summary>
    public void BreakIn(int effects, bool kills)
    {
        lock (_lock)
            (_left, _kills) = (effects, kills);
    }

    /// <summary>A new process, without faults.</summary>
    public void Reset()
    {
        lock (_lock)
            (IsDead, _left) = (false, int.MaxValue);
    }

    public void Hit(string name)
    {
        lock (_lock)
        {
            if (!IsDead && (_left == int.MaxValue || --_left > 0))
                return;
            if (!IsDead)
                BrokeAt = name;
            IsDead |= _kills;
            _left = int.MaxValue;
            throw new BrokenEffectException(name);
        }
    }

    public async Task<T> RunAsync<T>(string name, Func<Task<T>> effect)
    {
        Hit($"before {name}");
        T result = await effect();
        Hit($"after {name}");
        return result;
    }
}

internal sealed class BrokenEffectException(string where) : IOException($"broken {where}");
