namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>How a data record's content is stored.</summary>
public enum ChangeLogCodec
{
    /// <summary>As it is.</summary>
    Stored = 0,

    /// <summary>One zstd frame.</summary>
    Zstd = 1,
}
