namespace RecoveryOperator.Operator.Tests.BadInput;

/// <summary>Who finds a manifest bad.</summary>
public enum FoundBy
{
    /// <summary>Every API server, by the schema.</summary>
    Schema,

    /// <summary>A server that runs CEL rules (1.25 and later); the operator where it does not, if the case has a condition.</summary>
    Rule,

    /// <summary>The operator alone: what is wrong lies in another object, or cannot be said in a schema.</summary>
    Operator,
}

/// <summary>A manifest that must not pass, as a change to a good one of its kind.</summary>
/// <param name="Kind">Kind of the object.</param>
/// <param name="Change">Merge patch on the good manifest's spec, as JSON.</param>
/// <param name="By">Who finds it.</param>
/// <param name="Told">What the message must contain, whatever the case of its letters.</param>
public sealed record BadManifest(string Kind, string Change, FoundBy By, params string[] Told)
{
    /// <summary>Type of the operator's condition that says it.</summary>
    public string? Condition { get; init; }

    /// <summary>What that condition's message must contain; none: the same as a server's.</summary>
    public string[] Remedy { get; init; } = [];

    /// <summary>A change to the good manifest that is applied first: then what is bad is the change of an object that exists.</summary>
    public string? First { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {First}{(First is null ? "" : " -> ")}{Change}";

    /// <summary>Refused by the schema.</summary>
    public static BadManifest Schema(string kind, string change, params string[] told) => new(kind, change, FoundBy.Schema, told);

    /// <summary>Refused by a rule, or told by a condition where no rules run.</summary>
    public static BadManifest Rule(string kind, string change, string told, string? condition = null, params string[] remedy) =>
        new(kind, change, FoundBy.Rule, told) { Condition = condition, Remedy = remedy };

    /// <summary>Accepted, and told by a condition.</summary>
    public static BadManifest Accepted(string kind, string change, string condition, params string[] told) => new(kind, change, FoundBy.Operator, told) { Condition = condition };
}
