using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RecoveryOperator.Hypervisors.Native;

/// <summary>What .NET's file API lacks: inode and change time, holes, clones, hard links, durable directories.</summary>
internal static partial class LinuxFile
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const uint BasicStats = 0x7ff; // STATX_BASIC_STATS
    private const nuint CloneRequest = 0x40049409; // FICLONE
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int OpenDirectory = 0x90000; // O_RDONLY | O_DIRECTORY (x86: 0x10000) | O_CLOEXEC
    private const int NoSuchAddress = 6; // ENXIO: no data after the offset
    private static readonly HashSet<int> CannotClone = [1, 18, 22, 25, 26, 38, 95]; // EPERM EXDEV EINVAL ENOTTY ETXTBSY ENOSYS EOPNOTSUPP

    /// <summary>Identity of the file behind an open handle.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static ImageIdentity Identify(SafeFileHandle handle)
    {
        if (StatHandle(handle, string.Empty, EmptyPath, BasicStats, out var stat) != 0)
        {
            throw Failure("statx of an open image");
        }

        return stat.ToIdentity();
    }

    /// <summary>Identity of the file that a path names now.</summary>
    /// <exception cref="IOException">There is none, or the kernel refused.</exception>
    public static ImageIdentity Identify(string path)
    {
        if (StatPath(CurrentDirectory, path, 0, BasicStats, out var stat) != 0)
        {
            throw Failure($"statx of '{path}'");
        }

        return stat.ToIdentity();
    }

    /// <summary>True for a regular file.</summary>
    public static bool IsRegular(string path) =>
        StatPath(CurrentDirectory, path, 0, BasicStats, out var stat) == 0 && (stat.Mode & 0xF000) == 0x8000;

    /// <summary>Makes <paramref name="target"/> a clone of <paramref name="source"/>; false where the file system cannot.</summary>
    /// <exception cref="IOException">It can, but failed (no space, I/O error).</exception>
    public static bool TryClone(SafeFileHandle source, SafeFileHandle target)
    {
        if (Control(target, CloneRequest, source) == 0)
        {
            return true;
        }

        return CannotClone.Contains(Marshal.GetLastPInvokeError()) ? false : throw Failure("clone of an image (FICLONE)");
    }

    /// <summary>Start of the first data at or after an offset; <paramref name="sizeBytes"/> when only a hole follows.</summary>
    public static long NextData(SafeFileHandle handle, long offsetBytes, long sizeBytes)
    {
        var found = Seek(handle, offsetBytes, SeekData);
        if (found >= 0)
        {
            return Math.Min(found, sizeBytes);
        }

        // A file system that does not know holes answers EINVAL: all is data then.
        return Marshal.GetLastPInvokeError() == NoSuchAddress ? sizeBytes : offsetBytes;
    }

    /// <summary>End of the data that an offset lies in.</summary>
    public static long NextHole(SafeFileHandle handle, long offsetBytes, long sizeBytes)
    {
        var found = Seek(handle, offsetBytes, SeekHole);
        return found >= 0 ? Math.Min(found, sizeBytes) : sizeBytes;
    }

    /// <summary>Gives a file a second name.</summary>
    public static void Link(string existing, string added)
    {
        if (HardLink(existing, added) != 0)
        {
            throw Failure($"link of '{existing}' as '{added}'");
        }
    }

    /// <summary>Makes names created in, moved to or removed from a directory durable.</summary>
    public static void FlushDirectory(string path)
    {
        var flags = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x84000 : OpenDirectory;
        using var handle = new SafeFileHandle(Open(path, flags), ownsHandle: true);
        if (handle.IsInvalid)
        {
            throw Failure($"open of directory '{path}'");
        }

        if (Sync(handle) != 0)
        {
            throw Failure($"fsync of directory '{path}'");
        }
    }

    private static IOException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{what} failed: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatPath(int directory, string path, int flags, uint mask, out StatxBuffer stat);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatHandle(SafeFileHandle file, string path, int flags, uint mask, out StatxBuffer stat);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle target, nuint request, SafeFileHandle source);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int HardLink(string existing, string added);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);
}
