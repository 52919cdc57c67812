using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>What a protection's two loops do now. They run side by side, so what one ends is no end of what the other does.</summary>
internal sealed class CycleStages
{
    private volatile CycleStage _cutting = CycleStage.Idle;
    private volatile CycleStage _shipping = CycleStage.Idle;

    /// <summary>What is shown: cutting, which holds the machine, before shipping.</summary>
    public CycleStage Shown => _cutting is var cutting and not CycleStage.Idle ? cutting : _shipping;

    /// <summary>A loop does something else now.</summary>
    /// <returns>False when it did that already.</returns>
    public bool Enter(CycleStage stage, bool shipsBeside)
    {
        if ((shipsBeside ? _shipping : _cutting) == stage)
            return false;
        if (shipsBeside)
            _shipping = stage;
        else
            _cutting = stage;
        return true;
    }
}
