namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>The lease of one blob ("Lease Blob" of the REST reference): who holds it, until when.</summary>
internal sealed class BlobLease(TimeProvider time)
{
    private string? _id;
    private DateTimeOffset _until;
    private bool _broken;
    private TimeSpan _duration;

    private bool IsActive => _id is not null && !_broken && time.GetUtcNow() < _until;

    /// <summary>Whether a write may pass: under an active lease only with its id, and never with the id of one that is over.</summary>
    public void CheckWrite(string? id)
    {
        Check(id);
        if (id is null && IsActive)
            throw BlobRefusal.Failed("LeaseIdMissing");
        if (id is null)
            _id = null; // Whoever writes without a lease ends the one that ran out: it cannot be renewed any more.
    }

    /// <summary>Whether an operation may pass that needs no lease: an id that is given must hold.</summary>
    public void Check(string? id)
    {
        if (id is null)
            return;
        if (_id is null)
            throw BlobRefusal.Failed("LeaseNotPresentWithBlobOperation");
        if (!Same(id))
            throw BlobRefusal.Failed("LeaseIdMismatchWithBlobOperation");
        if (!IsActive)
            throw BlobRefusal.Failed("LeaseLost");
    }

    public void Acquire(string proposed, TimeSpan duration)
    {
        if (IsActive && !Same(proposed))
            throw BlobRefusal.Conflict("LeaseAlreadyPresent");
        Hold(proposed, duration);
    }

    public void Renew(string id)
    {
        if (_id is null)
            throw BlobRefusal.Conflict("LeaseNotPresentWithLeaseOperation");
        if (!Same(id))
            throw BlobRefusal.Conflict("LeaseIdMismatchWithLeaseOperation");
        if (_broken)
            throw BlobRefusal.Conflict("LeaseIsBrokenAndCannotBeRenewed");
        Hold(id, _duration);
    }

    public void Change(string id, string proposed)
    {
        if (!IsActive)
            throw BlobRefusal.Conflict("LeaseNotPresentWithLeaseOperation");
        if (!Same(id) && !Same(proposed))
            throw BlobRefusal.Conflict("LeaseIdMismatchWithLeaseOperation");
        _id = proposed;
    }

    public void Release(string id)
    {
        if (!Same(id))
            throw BlobRefusal.Conflict("LeaseIdMismatchWithLeaseOperation");
        _id = null;
    }

    public void Break()
    {
        if (_id is null)
            throw BlobRefusal.Conflict("LeaseNotPresentWithLeaseOperation");
        _broken = true;
    }

    private bool Same(string id) => string.Equals(_id, id, StringComparison.OrdinalIgnoreCase);

    private void Hold(string id, TimeSpan duration)
    {
        _id = id;
        _broken = false;
        _duration = duration;
        _until = duration < TimeSpan.Zero ? DateTimeOffset.MaxValue : time.GetUtcNow() + duration;
    }
}
