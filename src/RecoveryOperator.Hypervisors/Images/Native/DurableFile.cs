namespace RecoveryOperator.Hypervisors.Images.Native;

/// <summary>Small files that are either the old or the new one after a crash, never a torn one.</summary>
internal static class DurableFile
{
    /// <summary>Replaces a file's content.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var draft = $"{path}.{Guid.NewGuid():N}.tmp";
        using (var file = File.OpenHandle(draft, FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(draft, path, overwrite: true);
        LinuxFile.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
