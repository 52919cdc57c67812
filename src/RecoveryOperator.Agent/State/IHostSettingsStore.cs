using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.State;

/// <summary>What holds for the whole host, on stable storage.</summary>
public interface IHostSettingsStore
{
    /// <summary>The newest settings; null: none were put.</summary>
    PutHostSettingsRequest? Load();

    /// <summary>Stores settings in place of the former.</summary>
    void Save(PutHostSettingsRequest settings);
}
