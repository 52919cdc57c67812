namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>What a record says about its range of the disk.</summary>
public enum ChangeLogRecordKind
{
    /// <summary>The range holds the record's content.</summary>
    Data = 1,

    /// <summary>The range reads as zeros.</summary>
    Zero = 2,

    /// <summary>No range: the segment is complete.</summary>
    End = 3,
}
