using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Control;

/// <summary>A protection's pinned points. Several may write: each write is of what it read.</summary>
public sealed class PinStore
{
    private readonly ProtectionVault _vault;
    private readonly DocumentBlob<PinsDocument> _document;

    internal PinStore(ProtectionVault vault)
    {
        _vault = vault;
        _document = new DocumentBlob<PinsDocument>(vault.Replica.GetBlockBlobClient(VaultNames.Pins));
    }

    /// <summary>The pins, in the order in which they were made.</summary>
    public async Task<IReadOnlyList<PinRecord>> ReadAsync(CancellationToken cancellationToken) =>
        (await _document.ReadAsync(cancellationToken))?.Document.Value.Pins ?? [];

    /// <summary>Pins a point; another pin of the same point is replaced.</summary>
    /// <returns>Whether the point is there and stays. False: it was pruned before the pin could hold; the pin is taken back.</returns>
    public async Task<bool> PinAsync(PinRecord pin, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pin);
        await ChangeAsync(pins => [.. pins.Where(other => !IsOf(other, pin.Epoch, pin.Sequence)), pin], cancellationToken);
        if (await _vault.ReadPointAsync(pin.Epoch, pin.Sequence, cancellationToken) is not null)
            return true;

        await UnpinAsync(pin.Epoch, pin.Sequence, cancellationToken);
        return false;
    }

    /// <summary>Lets retention have the point. No pin is success.</summary>
    public Task UnpinAsync(long epoch, long sequence, CancellationToken cancellationToken) =>
        ChangeAsync(pins => [.. pins.Where(pin => !IsOf(pin, epoch, sequence))], cancellationToken);

    private static bool IsOf(PinRecord pin, long epoch, long sequence) => pin.Epoch == epoch && pin.Sequence == sequence;

    private Task<bool> ChangeAsync(Func<IReadOnlyList<PinRecord>, IReadOnlyList<PinRecord>> change, CancellationToken cancellationToken) =>
        _document.ChangeAsync(standing => new PinsDocument { Pins = change(standing?.Pins ?? []) }, cancellationToken);
}
