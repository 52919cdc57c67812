using System.Runtime.InteropServices;

namespace RecoveryOperator.DataPath.Spool;

/// <summary>Makes names durable: a file that was flushed is found after a power failure only when its folder was flushed too.</summary>
public static partial class DurableFolder
{
    private const int ReadOnlyFlag = 0;

    /// <summary>Creates a folder and its missing parents, each durably.</summary>
    public static void Create(string path)
    {
        if (Directory.Exists(path))
            return;

        string? parent = Path.GetDirectoryName(path);
        if (parent is not null)
            Create(parent);

        Directory.CreateDirectory(path);
        if (parent is not null)
            Flush(parent);
    }

    /// <summary>Flushes a folder's entries. NTFS journals them by itself, so there is nothing to do on Windows.</summary>
    /// <exception cref="IOException">The folder cannot be opened or flushed.</exception>
    public static void Flush(string path)
    {
        if (OperatingSystem.IsWindows())
            return;

        int descriptor = Open(path, ReadOnlyFlag);
        if (descriptor < 0)
            throw Failure("open", path);

        try
        {
            if (Fsync(descriptor) != 0)
                throw Failure("flush", path);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string action, string path) =>
        new($"Cannot {action} the folder '{path}': {Marshal.GetLastPInvokeErrorMessage()}. "
            + "Check the file system and its permissions.");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
