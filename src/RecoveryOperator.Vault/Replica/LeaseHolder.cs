using System.Security.Cryptography;
using System.Text;
using RecoveryOperator.Replication;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Who takes leases. Each start of a process is a session of its own, and so is what follows a try that failed; the sessions before it are known from the state folder, so that their leases are
/// taken over at once. The folder is locked: one process at a time (docs/formats/vault-layout.md, "Leases of a killed applier").
/// </summary>
public sealed class LeaseHolder : IDisposable
{
    private const int RememberedSessions = 16;

    private readonly FileStream? _file;
    private readonly Lock _lock = new();
    private volatile Sessions _sessions;

    private LeaseHolder(Guid session, IReadOnlyList<Guid> earlier, FileStream? file)
    {
        _sessions = new Sessions(session, earlier);
        _file = file;
    }

    /// <summary>The lease session that new leases are taken in.</summary>
    public Guid Session => _sessions.Current;

    /// <summary>Sessions before it, newest first.</summary>
    internal IReadOnlyList<Guid> Earlier => _sessions.Earlier;

    /// <summary>A holder without memory: after it was killed, its leases must run out.</summary>
    public static LeaseHolder CreateEphemeral() => new(Guid.NewGuid(), [], null);

    /// <summary>Opens the state folder and begins a session.</summary>
    /// <exception cref="IOException">Another process holds the folder, or it cannot be written.</exception>
    public static LeaseHolder Open(string stateFolder)
    {
        Directory.CreateDirectory(stateFolder);
        FileStream file = new(Path.Combine(stateFolder, "lease-sessions"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            Guid session = Guid.NewGuid();
            List<Guid> earlier = Read(file);
            Append(file, session, earlier);
            return new LeaseHolder(session, earlier, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    /// <summary>
    /// Begins another session: a try failed, and a request of it may still be on its way. The next try takes leases of other ids, so that one is refused when it comes.
    /// </summary>
    /// <exception cref="IOException">The state folder cannot be written. The session begins all the same: a restarted process must let its leases run out.</exception>
    internal void BeginSession()
    {
        lock (_lock)
        {
            Sessions ended = _sessions;
            Guid next = Guid.NewGuid();
            _sessions = new Sessions(next, [.. ended.Earlier.Prepend(ended.Current).Take(RememberedSessions)]);
            if (_file is not null)
                Append(_file, next, [ended.Current, .. ended.Earlier]);
        }
    }

    /// <summary>The lease id of a session for a blob: nobody else can know it, and each blob has its own.</summary>
    internal static string LeaseId(Guid session, Uri blob)
    {
        Guid owner = Guards.Hold(Guard.OwnLeases) ? session : Guid.Empty;
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{owner:N}\n{blob.AbsolutePath}"));
        return new Guid(hash.AsSpan(0, 16)).ToString();
    }

    private static List<Guid> Read(FileStream file)
    {
        using StreamReader reader = new(file, Encoding.ASCII, leaveOpen: true);
        List<Guid> sessions = [];
        while (reader.ReadLine() is { } line)
        {
            // A line torn by a crash names a session that took no lease yet.
            if (Guid.TryParseExact(line, "N", out Guid session))
                sessions.Add(session);
        }

        sessions.Reverse();
        return [.. sessions.Take(RememberedSessions)];
    }

    private static void Append(FileStream file, Guid session, List<Guid> earlier)
    {
        StringBuilder text = new("\n");
        if (file.Length > 64 * 1024)
        {
            file.SetLength(0);
            foreach (Guid known in Enumerable.Reverse(earlier))
                text.Append(known.ToString("N")).Append('\n');
        }

        text.Append(session.ToString("N")).Append('\n');
        file.Seek(0, SeekOrigin.End);
        file.Write(Encoding.ASCII.GetBytes(text.ToString()));
        file.Flush(flushToDisk: true);
    }

    private sealed record Sessions(Guid Current, IReadOnlyList<Guid> Earlier);
}
