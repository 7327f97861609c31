DROP TABLE profile_images;
