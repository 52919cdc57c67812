using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Control;

/// <summary>What came of claiming a protection's place in the vault.</summary>
public enum VaultClaimOutcome
{
    /// <summary>It is new.</summary>
    Created,

    /// <summary>It was there, of the same owner and machine: go on with what is there.</summary>
    Adopted,

    /// <summary>Another cluster owns it. Nothing was changed.</summary>
    OwnedByOther,

    /// <summary>It is of another machine under the same name. Nothing was changed.</summary>
    OtherMachine,
}

/// <summary>A claim's result.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Vm">Owner and machine that stand there.</param>
/// <param name="Journal">The journal that stands there; null when the claim was refused.</param>
public sealed record VaultClaim(VaultClaimOutcome Outcome, Versioned<VmDocument> Vm, Versioned<JournalDocument>? Journal);

/// <summary>An epoch's end.</summary>
/// <param name="Sequence">Sequence of the seal.</param>
/// <param name="SealedBy">Operation that made it; may be another than the one that asked.</param>
/// <param name="LastSet">The last set before it; null when the epoch has none, or it cannot be read.</param>
public sealed record SealResult(long Sequence, string SealedBy, Host.StoredSet? LastSet);
