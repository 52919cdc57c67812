namespace RecoveryOperator.Api.Common;

/// <summary>Another object in the same namespace.</summary>
public sealed record LocalRef
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
}

/// <summary>One key of a Secret in the same namespace.</summary>
public sealed record SecretKeyRef
{
    /// <summary>Name of the Secret.</summary>
    public required string Name { get; init; }

    /// <summary>Key within its data.</summary>
    public required string Key { get; init; }
}
