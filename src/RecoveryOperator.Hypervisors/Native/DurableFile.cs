namespace RecoveryOperator.Hypervisors.Native;

/// <summary>Small files that are either the old or the new one after a crash, never a torn one.</summary>
internal static class DurableFile
{
    /// <summary>Replaces a file's content.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Who may do what with it; null: as the process's mask says.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode? mode = null)
    {
        var draft = $"{path}.{Guid.NewGuid():N}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (mode is not null && !OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        using (var file = new FileStream(draft, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
        LinuxFile.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
